"""Names of onion services (pure; Tor rend-spec-v3, section 6, "Encoding onion addresses")."""

import base64
import binascii
import hashlib

SUFFIX = ".onion"
VERSION = b"\x03"
KEY_BYTES, CHECKSUM_BYTES = 32, 2


def is_onion(host: str) -> bool:
    """Whether only Tor can reach it (RFC 7686): such a name must never be asked of DNS."""
    return host.endswith(SUFFIX) or host == SUFFIX[1:]


def onion_problem(host: str) -> str | None:
    """What is wrong with the name of an onion service; None when its checksum is right. Subdomains are allowed."""
    label = host.removesuffix(SUFFIX).rpartition(".")[2]
    try:
        decoded = base64.b32decode(label.upper())
    except binascii.Error:
        decoded = b""
    if len(decoded) != KEY_BYTES + CHECKSUM_BYTES + len(VERSION):
        return "56 letters and digits (a-z, 2-7) must stand before .onion; older, shorter names are no longer served"
    key, checksum, version = decoded[:KEY_BYTES], decoded[KEY_BYTES:-1], decoded[-1:]
    if version != VERSION or checksum != checksum_of(key):
        return "its checksum is wrong: a letter was mistyped or left out"
    return None


def checksum_of(key: bytes) -> bytes:
    return hashlib.sha3_256(b".onion checksum" + key + VERSION).digest()[:CHECKSUM_BYTES]
