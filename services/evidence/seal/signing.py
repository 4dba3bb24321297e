"""The key that seals: read from the setting, told by its public half."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from shared.objects.keyring import key_of


def signing_key(given: SecretStr) -> Ed25519PrivateKey:
    """Of the 32 bytes of RFC 8032. Raises `ValueError` as `key_of`."""
    return Ed25519PrivateKey.from_private_bytes(key_of(given, "HAETAE_SIGNING_KEY"))


def public_key(key: Ed25519PrivateKey) -> str:
    """As signed documents hold it: 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()
