"""What an archive's files are sealed with: who has not the archive's key neither reads them nor changes them unnoticed.

A sealed file is a row of frames, each AES-256-GCM (NIST SP 800-38D):

    run (16 bytes) | place (8) | length (4, the highest bit: the last frame) | ciphertext (length + 16)

A run is one base or one connection to the server. Its key is HKDF-SHA256 of the archive's (RFC 5869, salt: the run), so
that a place, of which a run has each once, is a nonce that never comes again. What a frame belongs to (the life of the
cluster and the name of the file) and its header are authenticated with it: frames of other files, or in another order,
do not open.
"""

import hashlib
import hmac
import json
import secrets
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
HEADER = struct.Struct(">16sQI")
RUN_BYTES = 16
TAG_BYTES = 16
LAST = 1 << 31
MAX_DATA = 1 << 20  # of a frame; a longer one is not ours


class NotSealed(ValueError):
    """Something in the archive was not written, or not written like this, with its key."""


class Torn(NotSealed):
    """A file that ends within a frame: whoever wrote it was stopped, or goes on writing."""


@dataclass(frozen=True)
class Frame:
    """`ends_at`: the byte of the file behind it."""

    place: int
    data: bytes
    last: bool
    ends_at: int


class Run:
    """Seals. Each place may come once."""

    def __init__(self, key: bytes, belongs: str) -> None:
        self._id = secrets.token_bytes(RUN_BYTES)
        self._cipher, self._belongs = _cipher(key, self._id), belongs

    def frame(self, name: str, place: int, data: bytes, *, last: bool = False) -> bytes:
        """`data`: MAX_DATA at most, of the file `name`."""
        header = HEADER.pack(self._id, place, len(data) | (LAST if last else 0))
        return header + self._cipher.encrypt(_nonce(place), data, _bound(self._belongs, name, header))


def frames(key: bytes, belongs: str, name: str, file: BinaryIO) -> Iterator[Frame]:
    """Those of a file, in its order. Raises `NotSealed` at the first that is not sealed so, `Torn` at one
    that is not whole."""
    ciphers: dict[bytes, AESGCM] = {}
    at = 0
    while header := file.read(HEADER.size):
        if len(header) < HEADER.size:
            raise Torn(f"{name} ends within a frame, at byte {at:,}")
        run, place, length = HEADER.unpack(header)
        size = length & ~LAST
        if size > MAX_DATA:
            raise NotSealed(f"{name}: no frame of an archive at byte {at:,}")
        sealed = file.read(size + TAG_BYTES)
        if len(sealed) < size + TAG_BYTES:
            raise Torn(f"{name}: what is at byte {at:,} was not written there to its end")
        cipher = ciphers.get(run) or ciphers.setdefault(run, _cipher(key, run))
        try:
            data = cipher.decrypt(_nonce(place), sealed, _bound(belongs, name, header))
        except (InvalidTag, ValueError) as error:
            raise NotSealed(f"{name}: what is at byte {at:,} was not written there with this archive's key") from error
        at += HEADER.size + size + TAG_BYTES
        yield Frame(place, data, bool(length & LAST), at)


def signed(key: bytes, what: str, told: Mapping[str, object]) -> bytes:
    """JSON with its HMAC-SHA256 (RFC 2104): for what anybody may read."""
    return (json.dumps({**told, "tag": _tag(key, what, told)}, indent=1) + "\n").encode()


def opened(key: bytes, what: str, read: Callable[[], bytes]) -> dict[str, object]:
    """What `signed` told. Raises `NotSealed`; `OSError` of `read`."""
    try:
        told = json.loads(read())
        tag = told.pop("tag")
        right = hmac.compare_digest(str(tag).encode(), _tag(key, what, told).encode())
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise NotSealed(f"{what} is not what an archive has there ({type(error).__name__})") from error
    if not right:
        raise NotSealed(f"{what} was not written with this archive's key: changed, of another archive, or another key")
    return {str(name): value for name, value in told.items()}


def _tag(key: bytes, what: str, told: Mapping[str, object]) -> str:
    said = json.dumps([what, told], sort_keys=True, separators=(",", ":"))
    return hmac.new(_derived(key, b"", b"haetae archive, signed"), said.encode(), hashlib.sha256).hexdigest()


def _cipher(key: bytes, run: bytes) -> AESGCM:
    return AESGCM(_derived(key, run, b"haetae archive, frames"))


def _derived(key: bytes, salt: bytes, use: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError("an archive's key has 32 bytes: `haetae backup into` takes it into the home")
    return HKDF(SHA256(), KEY_BYTES, salt, use).derive(key)


def _nonce(place: int) -> bytes:
    return place.to_bytes(12, "big")


def _bound(belongs: str, name: str, header: bytes) -> bytes:
    return f"{belongs}\n{name}\n".encode() + header
