"""How a case's bytes are encrypted: AES-256-GCM (NIST SP 800-38D) under a key of its own, or of its case.

A sealed value is `FORMAT`, a fresh 12-byte nonce, and the ciphertext with its 16-byte tag. What the value belongs to is
authenticated with it, so that no value opens in another place.
"""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.failures import Rejected

FORMAT = b"haetae:aes-256-gcm:1\n"
KEY_BYTES = 32
NONCE_BYTES = 12  # the size that GCM uses as it is; random ones are safe for 2**32 values a key, a case has dozens
TAG_BYTES = 16


class Tampered(Rejected):
    """Stored bytes are not what was stored: changed, swapped, or sealed under another key."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def seal(data: bytes, key: bytes, case_id: UUID, sha256: str) -> bytes:
    return close(data, key, _object_place(case_id, sha256))


def unseal(sealed: bytes, key: bytes, case_id: UUID, sha256: str) -> bytes:
    """Raises `Tampered`."""
    try:
        return disclose(sealed, key, _object_place(case_id, sha256))
    except ValueError as error:
        raise Tampered(f"object {sha256} of case {case_id} does not open ({error}): it was changed") from error


def _object_place(case_id: UUID, sha256: str) -> bytes:
    return FORMAT + f"object {case_id} {sha256}".encode()


def close(data: bytes, key: bytes, place: bytes) -> bytes:
    """`place`: what the value belongs to."""
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, data, place)


def disclose(sealed: bytes, key: bytes, place: bytes) -> bytes:
    """What was closed for this place. Raises `ValueError`."""
    if not sealed.startswith(FORMAT):
        raise ValueError("unknown format")
    if len(sealed) < len(FORMAT) + NONCE_BYTES + TAG_BYTES:
        raise ValueError("too short")
    body = sealed[len(FORMAT) :]
    try:
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], place)
    except InvalidTag:
        raise ValueError("authentication failed") from None
