"""Parts of a picture that may be a picture of their own, hashed by themselves: what is looked up beside the whole."""

from collections.abc import Iterator

from PIL import Image

from shared.events.values import MIN_PDQ_QUALITY, PictureView
from shared.prints.boxes import Box, inset, small_grey, trimmed
from shared.prints.pdq import MIN_SIDE, averaged, dihedral, single
from shared.prints.phash import phash, phash_dihedral

MOST_PIXELS = 1_500_000  # a part of a larger picture is taken from its smaller copy: 2 to 8 bits for a bounded time
SAME = 0.9  # of two boxes that agree in so much of their area the second says nothing new
MIN_QUADRANT = 64  # pixels of a side: a collage's cell is a thumbnail at least
QUADRANTS = {
    "quadrant-1": Box(0, 0, 0.5, 0.5),
    "quadrant-2": Box(0.5, 0, 1, 0.5),
    "quadrant-3": Box(0, 0.5, 0.5, 1),
    "quadrant-4": Box(0.5, 0.5, 1, 1),
}


def views(image: Image.Image) -> tuple[PictureView, ...]:
    """`trimmed` and `inset` in all eight turns, where they are found; the quadrants as they are."""
    source = averaged(image, MOST_PIXELS)
    return tuple(view for view in (*_parts(source), *_quadrants(source)) if view.pdq_quality >= MIN_PDQ_QUALITY)


def _parts(image: Image.Image) -> Iterator[PictureView]:
    grey = small_grey(image)
    found: list[Box] = []
    for name, box in (("trimmed", trimmed(grey)), ("inset", inset(grey))):
        if box and not any(overlap(box, other) > SAME for other in found):
            found.append(box)
            part = image.crop(box.of(image))
            if min(part.size) >= MIN_SIDE:
                hashes, quality = dihedral(part)
                yield PictureView(name=name, pdq=hashes, pdq_quality=quality, phash=phash_dihedral(part))


def _quadrants(image: Image.Image) -> Iterator[PictureView]:
    if min(image.size) < 2 * MIN_QUADRANT:
        return
    for name, box in QUADRANTS.items():
        part = image.crop(box.of(image))
        pdq, quality = single(part)
        yield PictureView(name=name, pdq=(pdq,), pdq_quality=quality, phash=(phash(part),))


def overlap(one: Box, other: Box) -> float:
    """Area that both have, of the area that any of them has."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    both = max(0.0, width) * max(0.0, height)
    return both / (one.area + other.area - both)
