"""Content codings (RFC 9110, 8.4.1; RFC 8878 for zstd), each unpacked no further than told (pure)."""

import re
from collections.abc import Callable
from typing import cast

import brotli
import zstandard
from isal import isal_zlib

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
MAX_CODINGS = 2  # packed twice happens (a server and its front); three times is play
# All other codings that there are (IANA, HTTP Content Coding Registry). What is not among them, such as "utf-8" or
# "none", is a mistake that browsers pass over: to refuse the page would be a way to hide from us.
NOT_READ = frozenset({"aes128gcm", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"})
ZSTD_WINDOW = 8 * 1024 * 1024  # what a decoder should support, and need not exceed (RFC 8878, 3.1.1.1.2)
INFLATE_ERROR = cast(type[Exception], isal_zlib.error)  # its stubs take the class for an instance
GZIP, ZLIB, BARE = 31, 15, -15  # zlib's `wbits` for the three wrappers of deflate

# (packed, most bytes) → (unpacked, at most so many; whether the packed data came to its end)
Decoder = Callable[[bytes, int], tuple[bytes, bool]]


class Undecodable(Exception):
    """Names the coding, or what is wrong with the data."""


def codings_of(values: list[str]) -> list[str]:
    """The codings that Content-Encoding headers name, in the order of packing. Raises `Undecodable`."""
    names = [name.strip().lower() for value in values for name in value.split(",")]
    if unread := NOT_READ.intersection(names):
        raise Undecodable(f"packed with {', '.join(sorted(unread))}, which was not asked for")
    codings = [name for name in names if name in DECODERS]
    if len(codings) > MAX_CODINGS:
        raise Undecodable(f"packed {len(codings)} times over; {MAX_CODINGS} is the most")
    return codings


def unpack(packed: bytes, codings: list[str], most: int) -> tuple[bytes, bool]:
    """At most `most` bytes, and whether the data came to its end. Raises `Undecodable`."""
    body, whole = packed, True
    for name in reversed(codings):
        body, came_to_end = DECODERS[name](body, most)
        whole = whole and came_to_end
    return body[:most], whole


def _gzip(packed: bytes, most: int) -> tuple[bytes, bool]:
    return _inflate(packed, most, GZIP)


def _deflate(packed: bytes, most: int) -> tuple[bytes, bool]:
    """The zlib format (RFC 9110, 8.4.1.2); some servers send it bare. zlib's first byte tells."""
    return _inflate(packed, most, ZLIB if packed[:1] and packed[0] & 0x0F == 8 else BARE)


def _inflate(packed: bytes, most: int, wrapper: int) -> tuple[bytes, bool]:
    state = isal_zlib.decompressobj(wrapper)
    try:
        return state.decompress(packed, most), state.eof
    except INFLATE_ERROR as error:
        raise Undecodable(_plainly(error)) from error


def _brotli(packed: bytes, most: int) -> tuple[bytes, bool]:
    """May hold twice as much as `most`: its buffer doubles."""
    state = brotli.Decompressor()
    try:
        return state.process(packed, output_buffer_limit=most), state.is_finished()
    except brotli.error as error:
        raise Undecodable(_plainly(error)) from error


def _zstd(packed: bytes, most: int) -> tuple[bytes, bool]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    try:
        # The reader is the one way that stops where told, and it does not say whether the data came to its end.
        body = _frames(decompressor, packed, most)
        if len(body) >= most or len(body) == zstandard.frame_content_size(packed):
            return body, True
        state = decompressor.decompressobj()
        state.decompress(packed)
        return body, state.eof
    except zstandard.ZstdError as error:
        raise Undecodable(_plainly(error)) from error


def _frames(decompressor: zstandard.ZstdDecompressor, packed: bytes, most: int) -> bytes:
    """Of all frames (RFC 8878, 3), the first of which may be empty; of the first alone when junk follows it."""
    try:
        return decompressor.stream_reader(packed, read_across_frames=True).read(most)
    except zstandard.ZstdError:
        return decompressor.stream_reader(packed).read(most)


def _plainly(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error))[:200]


DECODERS: dict[str, Decoder] = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}
