"""Secrets of second factors are sealed before they reach the database (AES-256-GCM, bound to their login)."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

KEY_BYTES, NONCE_BYTES = 32, 12
PURPOSE = b"haetae second factors"


class Unsealable(ValueError):
    """Sealed with another key, or changed."""


class Seal:
    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, login: str, secret: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), login.encode())

    def open(self, login: str, sealed: bytes) -> str:
        """Raises `Unsealable`."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], login.encode()).decode()
        except InvalidTag:
            raise Unsealable("sealed with another key, or changed") from None


def seal_of(own: SecretStr | None, approval_key: SecretStr) -> Seal:
    """With the key of its own, else with one that follows from the approval key (HKDF, RFC 5869). Raises ValueError."""
    if own:
        return Seal(read_key(own.get_secret_value()))
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE)
    return Seal(derived.derive(approval_key.get_secret_value().encode()))


def read_key(text: str) -> bytes:
    """32 bytes from base64. Raises ValueError."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("give base64 of 32 random bytes, as `openssl rand -base64 32` prints them")
    return key
