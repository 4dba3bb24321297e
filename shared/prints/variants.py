"""What is hashed of a known picture beside itself, so that its re-uploads are found (pure, but slow: 0.45 s a picture).

A crop of 10 % moves a PDQ hash 80 bits, beyond any usable threshold, so crops, turns and quarters are hashed beforehand
(`alterations`). Measured on 69 ordinary photographs (`benchmarks hashing`): the mean recall over 40 ways of changing a
picture rises from 0.41 (PDQ, 31 bits) to 0.97, where measures are drawn by chance from 0.02 to 0.93.
"""

from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image, ImageOps

from shared.events.values import MIN_PDQ_QUALITY
from shared.prints.alterations import ALTERATIONS
from shared.prints.boxes import inset, small_grey, trimmed
from shared.prints.pdq import averaged, single
from shared.prints.phash import phash

ORIGINAL, INVERTED = "original", "inverted"
SOURCE_PIXELS = 1_000_000  # variants of larger pictures are cut from a smaller copy: 2 to 8 bits for half a second


class Print(NamedTuple):
    """Of one variant: its name, PDQ and pHash."""

    variant: str
    pdq: str
    phash: str


class TooFlat(ValueError):
    """Unrelated pictures would agree with it."""

    def __init__(self, quality: int) -> None:
        super().__init__(f"its PDQ quality is {quality} of 100, below {MIN_PDQ_QUALITY}")


def variants(image: Image.Image) -> Iterator[Print]:
    """Of the picture, and of each variant that is rich enough to be told from others. Raises `TooFlat`."""
    pdq, quality = single(image)
    if quality < MIN_PDQ_QUALITY:
        raise TooFlat(quality)
    yield Print(ORIGINAL, pdq, phash(image))
    yield Print(INVERTED, complement(pdq), phash(ImageOps.invert(image)))
    source = averaged(image, SOURCE_PIXELS)
    for name, altered in _altered(source):
        pdq, quality = single(altered)
        if quality >= MIN_PDQ_QUALITY:
            yield Print(name, pdq, phash(altered))


def _altered(image: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    for name, alter in ALTERATIONS.items():
        yield name, alter(image)
    grey = small_grey(image)
    for name, box in (("trimmed", trimmed(grey)), ("inset", inset(grey))):
        if box:
            yield name, image.crop(box.of(image))


def complement(pdq: str) -> str:
    """The hash of the inverted picture: each of PDQ's bits says whether a coefficient is above the median."""
    return f"{~int(pdq, 16) & (1 << 4 * len(pdq)) - 1:0{len(pdq)}x}"
