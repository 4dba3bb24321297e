"""Locked values in a text that is written from right to left.

An identifier in Latin letters would drag the words beside it to its own direction. Isolates (UAX #9, section 2.7) stop
that and change no character of the value. An address needs none: it stands alone on its line, and must be found there
exactly.
"""

from collections.abc import Mapping

from services.drafter.languages import languages

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
# Not the subject's tag: mail programs match it, and a subject has no invisible characters.
INLINE = (
    *("reference", "date", "seen_at", "sealed_at", "seen_again", "manifest", "citation", "home_citation", "form"),
    *("agency_name", "mandate", "signatory", "address", "phone", "reply_to"),
)


def isolated(values: Mapping[str, object], language: str) -> Mapping[str, object]:
    """A template's values, the inline ones isolated where `language` is written from right to left."""
    if languages().direction.get(language) != "rtl":
        return values
    return {**values, **{name: _isolate(values[name]) for name in INLINE if values.get(name)}}


def _isolate(value: object) -> str:
    return f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}"
