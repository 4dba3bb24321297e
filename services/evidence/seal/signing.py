"""The key that seals: read from the setting, told by its public half."""

import base64
import binascii

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

KEY_BYTES = 32  # RFC 8032
CURE = (
    "HAETAE_SIGNING_KEY is not base64 of 32 bytes: make one with "
    '`python -c "import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())"` and keep it'
)


def signing_key(given: SecretStr) -> Ed25519PrivateKey:
    """Raises `ValueError` naming the variable and the cure, never the value."""
    try:
        key = base64.b64decode(given.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(CURE) from None
    if len(key) != KEY_BYTES:
        raise ValueError(CURE)
    return Ed25519PrivateKey.from_private_bytes(key)


def public_key(key: Ed25519PrivateKey) -> str:
    """As signed documents hold it: 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()
