"""Deterministic identities: the same page, case or event has the same id wherever and however often it is computed.

UUID version 5 (RFC 9562, section 5.5) of a name in Haetae's own namespace.
"""

from uuid import UUID, uuid5

NAMESPACE = UUID("6f8a3c52-5f0e-5d4e-9a57-48616574616e")


def identity(kind: str, *parts: object) -> UUID:
    """The id of the `kind` named by `parts`: `identity("case", url)`.

    Parts are joined by U+001F, which no URL, host or id contains, so that ("a", "bc") and ("ab", "c") differ.
    """
    return uuid5(NAMESPACE, "\x1f".join((kind, *map(str, parts))))


def case_id(url: str) -> UUID:
    """A case is one canonical URL: whatever finds it again finds the same case."""
    return identity("case", url)
