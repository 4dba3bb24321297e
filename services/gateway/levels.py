"""A picture step by step: each level is a picture of its own, derived from the sealed one when somebody asks for it.

Level 0 is the blurred twin that was sealed with it (`evidence.files.stand_in`). The sharp one never leaves the vault's
side for a lower level: a browser that should show little is given little. Derived pictures are kept nowhere.
"""

import io
from enum import IntEnum
from types import TracebackType
from typing import Self

from PIL import Image, ImageFile, ImageFilter

from shared.guarded import Guarded, GuardKilled, GuardRaised


class Level(IntEnum):
    BLURRED = 0
    LESS = 1  # grey, and still blurred: how the picture is built
    GREY = 2  # grey pictures weigh less on moderators than coloured ones (Karunakaran and Ramakrishan, HCOMP 2019)
    COLOUR = 3  # as it was captured


FORMATS = ("JPEG", "PNG", "GIF", "WEBP")  # of `evidence.files.SHOWN_TYPES`
MAX_PIXELS = 50_000_000  # as the evidence service decodes: 150 MB
SIDE = {Level.LESS: 320, Level.GREY: 640}  # pixels of the longer side: small, and enough to compare by
BLUR = 5  # radius in those pixels; the sealed twin has 12 of 320: faces begin to be ones, nobody can be told by them
QUALITY = 70
# A picture of 50 million pixels takes two seconds and 600 MiB; a busy machine is ten times slower.
CHILDREN, SECONDS, MEMORY_BYTES = 2, 20.0, 768 * 1024 * 1024


class Underivable(Exception):
    """Its bytes cannot be decoded within bounds."""


class Deriving:
    """A resource: `await deriving(data, level)` decodes in a guarded child, for every byte may be hostile."""

    def __init__(self) -> None:
        self._guarded = Guarded(derived, workers=CHILDREN, seconds=SECONDS, memory_bytes=MEMORY_BYTES)

    async def __aenter__(self) -> Self:
        await self._guarded.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._guarded.__aexit__(kind, error, trace)

    async def __call__(self, data: bytes, level: Level) -> bytes:
        """A grey JPEG. Raises `Underivable`."""
        try:
            return await self._guarded(data, int(level))
        except (GuardKilled, GuardRaised) as stopped:
            raise Underivable(str(stopped)) from stopped


def derived(data: bytes, level: int) -> bytes:
    """In the child. Raises whatever a decoder likes."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # as browsers do: what there is of it
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"{image.width} by {image.height} pixels are more than are decoded")
        side = SIDE[Level(level)]
        image.draft("L", (side * 2, side * 2))  # JPEG: decodes at a fraction of its size, ten times as fast
        grey = image.convert("RGBA").convert("L") if "transparency" in image.info else image.convert("L")
    grey.thumbnail((side, side))
    if level == Level.LESS:
        grey = grey.filter(ImageFilter.GaussianBlur(BLUR))
    out = io.BytesIO()
    grey.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
