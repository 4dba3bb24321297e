"""Reading a body that may be hostile: unpacked step by step, never beyond the limit."""

import zlib
from collections.abc import AsyncIterable, Callable, Iterator

from shared.net.failures import FetchFailed

ACCEPT_ENCODING = "gzip, deflate"
STEP = 64 * 1024  # bytes unpacked at a time: a bomb costs no more memory than this beyond the limit

Unpack = Callable[[bytes], Iterator[bytes]]


async def read_body(chunks: AsyncIterable[bytes], encoding: str, limit: int, cut: bool) -> tuple[bytes, bool]:
    """The unpacked body, and whether it was cut off at `limit`.

    Raises `FetchFailed` beyond `limit` bytes, packed or unpacked, unless it is to be `cut`; and when it is broken.
    """
    unpack = unpacker(encoding)
    parts: list[bytes] = []
    packed = size = 0
    async for chunk in chunks:
        packed += len(chunk)
        for part in unpack(chunk):
            size += len(part)
            if max(size, packed) > limit and cut:
                return b"".join((*parts, part))[:limit], True
            if max(size, packed) > limit:
                raise FetchFailed(f"the body is larger than {limit} bytes")
            parts.append(part)
    return b"".join(parts), False


def unpacker(encoding: str) -> Unpack:
    match encoding.strip().lower():
        case "" | "identity":
            return lambda chunk: iter((chunk,))
        case "gzip" | "x-gzip":
            return _Inflate(lambda first: zlib.decompressobj(zlib.MAX_WBITS | 16))
        case "deflate":
            return _Inflate(_deflate)
        case other:
            raise FetchFailed(f"the body is packed with {other!r}, which was not asked for")


def _deflate(first: bytes) -> "zlib._Decompress":
    """ "deflate" means the zlib format (RFC 9110, 8.4.1.2); some servers send it bare. zlib's first byte tells."""
    return zlib.decompressobj(zlib.MAX_WBITS if first[:1] and first[0] & 0x0F == 8 else -zlib.MAX_WBITS)


class _Inflate:
    def __init__(self, make: "Callable[[bytes], zlib._Decompress]") -> None:
        self._make, self._state = make, None

    _state: "zlib._Decompress | None"

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        self._state = self._state or self._make(chunk)
        while chunk and not self._state.eof:
            try:
                part = self._state.decompress(chunk, STEP)
            except zlib.error as error:
                raise FetchFailed(f"the body cannot be unpacked: {error}") from error
            chunk = self._state.unconsumed_tail
            if part:
                yield part
