"""Signed tree heads of an audit history: as they are signed, and whether one is right.

The signature (Ed25519, RFC 8032) covers the canonical JSON of `format`, `key_id`, `log`, `root`, `signed_at` and
`size`; a time stamp covers the canonical JSON of the same with `signature` (base64).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from haetae_verify.canonical import canonical, digest, moment

FORMAT = "haetae-tree-head/1"
KEY_ID_DIGITS = 16  # of the key's digest: 64 bits tell an agency's few keys apart


@dataclass(frozen=True)
class Head:
    """`log`: whose history. `root`: 64 hexadecimal digits, over the first `size` lines. `signed_at`: aware, whole
    milliseconds. `signature`: base64."""

    log: str
    size: int
    root: str
    signed_at: datetime
    key_id: str
    signature: str


def key_id(public_key: bytes) -> str:
    return digest(public_key)[:KEY_ID_DIGITS]


def sign(log: str, size: int, root: str, signed_at: datetime, key: Ed25519PrivateKey) -> Head:
    known_as = key_id(key.public_key().public_bytes_raw())
    signature = key.sign(_signed(log, size, root, signed_at, known_as))
    return Head(log, size, root, signed_at, known_as, base64.b64encode(signature).decode())


def stamped(head: Head) -> bytes:
    """What a time stamp of the head covers."""
    return canonical(
        _fields(head.log, head.size, head.root, head.signed_at, head.key_id) | {"signature": head.signature}
    )


def problem(head: Head, keys: Mapping[str, bytes]) -> str | None:
    """`unknown-key`, `signature`, or None: it is right. `keys`: public keys (32 bytes) by their `key_id`."""
    if head.key_id not in keys:
        return "unknown-key"
    message = _signed(head.log, head.size, head.root, head.signed_at, head.key_id)
    try:
        signature = base64.b64decode(head.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(keys[head.key_id]).verify(signature, message)
    except (InvalidSignature, ValueError, binascii.Error):
        return "signature"
    return None


def _signed(log: str, size: int, root: str, signed_at: datetime, known_as: str) -> bytes:
    return canonical(_fields(log, size, root, signed_at, known_as))


def _fields(log: str, size: int, root: str, signed_at: datetime, known_as: str) -> dict[str, object]:
    return {
        "format": FORMAT,
        "key_id": known_as,
        "log": log,
        "root": root,
        "signed_at": moment(signed_at),
        "size": size,
    }
