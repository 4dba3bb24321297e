"""What a picture of the web is: decoded in a guarded child, since every byte of it may be hostile."""

import warnings
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from services.evidence.capture.pictures import UNKNOWN, blurred, media_type
from shared.events.values import Picture
from shared.guarded import Guarded, GuardKilled, GuardRaised
from shared.prints.opening import MAX_PIXELS, opened
from shared.prints.pdq import MIN_SIDE, distance, reduced, single
from shared.prints.phash import phash

log = structlog.get_logger()

# As the crawler's: a picture of 50 million pixels takes two seconds and 600 MiB; a busy machine is ten times slower.
CHILDREN, SECONDS, MEMORY_BYTES = 2, 20.0, 768 * 1024 * 1024
# Differing bits of 256 up to which a picture counts as still the one that was found: smaller, re-encoded, slightly
# cropped. Unrelated pictures differ by 128; the closest pair of 187,000 that was measured by 58.
ALIKE = 50
MIN_QUALITY = 50  # below, a hash says nothing (`shared.events.values.MIN_PDQ_QUALITY`)


@dataclass(frozen=True)
class Looked:
    """`preview`: blurred beyond recognition (JPEG), empty for what cannot be decoded; then there are no hashes."""

    media_type: str = UNKNOWN
    width: int = 0
    height: int = 0
    pdq: str = ""
    pdq_quality: int = 0
    phash: str = ""
    preview: bytes = b""

    def shows(self, picture: Picture) -> bool:
        """Whether it is the picture that was found, as far as its hash can tell."""
        if not self.pdq or min(self.pdq_quality, picture.pdq_quality or 0) < MIN_QUALITY:
            return False
        return any(distance(self.pdq, found) <= ALIKE for found in picture.pdq_dihedral)


class Looking:
    """A resource: `await looking(data)`. Never raises for what the bytes are."""

    def __init__(self) -> None:
        self._guarded = Guarded(
            look, workers=CHILDREN, seconds=SECONDS, memory_bytes=MEMORY_BYTES, threads=True
        )  # threads: the decoder of HEIC insists on one

    async def __aenter__(self) -> Self:
        await self._guarded.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._guarded.__aexit__(kind, error, trace)

    async def __call__(self, data: bytes) -> Looked:
        try:
            return await self._guarded(data)
        except GuardKilled as killed:
            log.warning("a picture had to be stopped", why=str(killed))
        except GuardRaised as raised:
            log.warning("a picture could not be looked at", why=raised.name)
        return Looked()


def look(data: bytes) -> Looked:
    """In the child. Never raises for what the bytes are; `MemoryError` where memory ends."""
    kind = media_type(data)
    if kind == UNKNOWN or (preview := blurred(data)) is None:
        return Looked(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata
        try:
            return _hashed(data, kind, preview)
        except MemoryError:
            raise
        except Exception:  # a decoder fails on hostile input in any way it likes; the digest is still evidence
            return Looked(kind, preview=preview)


def _hashed(data: bytes, kind: str, preview: bytes) -> Looked:
    with opened(data, lenient=True) as image:
        width, height = image.size
        if width * height > MAX_PIXELS or min(width, height) < MIN_SIDE:
            return Looked(kind, width, height, preview=preview)
        small = reduced(image)
        pdq, quality = single(small)
        return Looked(kind, width, height, pdq, quality, phash(small), preview)
