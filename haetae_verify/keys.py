"""The agency's keys: as the reader names them, and as the bundle lists them."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from haetae_verify.canonical import moment
from haetae_verify.shape import DIGEST, Shape
from haetae_verify.wrong import Unreadable, Wrong

ANYWHERE = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
MOST_BYTES = 65_536  # a page of keys
CHANGEOVER = timedelta(hours=1)  # processes take up a new key one after another


def named(keys: Sequence[str]) -> frozenset[str]:
    """Keys in hexadecimal. `keys`: each is one, or a file with some of them or one in PEM. Raises `Unreadable`."""
    return frozenset(found for key in keys for found in _read(key))


def check_period(part: str, key: str, at: datetime, listed: Sequence[Shape]) -> None:
    """`listed`: the bundle's `public_keys`; one of them must be `key`, and in use at the time. Raises `Wrong`."""
    periods = [
        (item.moment("since"), item.moment_or_none("until")) for item in listed if item.digest("public_key") == key
    ]
    if not periods:
        raise Wrong(part, "unknown-key", key=key)
    if not any(since - CHANGEOVER <= at and (until is None or at <= until + CHANGEOVER) for since, until in periods):
        raise Wrong(part, "key-time", key=key, at=moment(at))


def _read(key: str) -> list[str]:
    if DIGEST.fullmatch(key.lower()):
        return [key.lower()]
    try:
        with Path(key).open("rb") as file:
            data = file.read(MOST_BYTES)
        if b"-----BEGIN" in data:
            return [_from_pem(data)]
        found = ANYWHERE.findall(data.decode("utf-8-sig").lower())
    except (OSError, ValueError) as error:
        raise Unreadable(key, "key", why=error) from error
    if found:
        return list(found)
    raise Unreadable(key, "key", why="64 hexadecimal digits, or PEM")


def _from_pem(data: bytes) -> str:
    key = load_pem_public_key(data)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("no Ed25519 key")
    return key.public_bytes_raw().hex()
