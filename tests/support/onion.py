"""Names of onion services that nobody runs."""

import base64

from services.crawler.registry.onion import SUFFIX, VERSION, checksum_of


def onion_host(key: bytes) -> str:
    """The name of the service with this public key of 32 bytes."""
    return base64.b32encode(key + checksum_of(key) + VERSION).decode().lower() + SUFFIX
