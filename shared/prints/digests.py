"""The digests by which lists name files."""

import hashlib
from typing import NamedTuple


class Digests(NamedTuple):
    """Lower-case hexadecimal. SHA-256 proves; the others only find what older lists have, and can be forged."""

    sha256: str
    md5: str
    sha1: str


def digests(body: bytes) -> Digests:
    return Digests(
        hashlib.sha256(body).hexdigest(),
        hashlib.md5(body, usedforsecurity=False).hexdigest(),
        hashlib.sha1(body, usedforsecurity=False).hexdigest(),
    )
