"""Where within a picture the picture proper may be: without a border, or within a screenshot (pure).

Both look at a small grey copy only, so that their cost is the same for every picture: about a millisecond. Both may be
mistaken (a sky can look like a border); then the part that they name agrees with nothing that is listed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LOOKED_AT = 256  # pixels of the longer side; a border's edge is found to 0.4 %, and PDQ at 31 bits allows 2 %
# Levels of brightness, of 256. Compression moves a plain border by 2 or 3.
PLAIN, PAPER = 5.0, 14
WORDS = 0.55  # share of a line that is its paper where words are written on it
STEP = 12.0  # mean step from a strip with words to the picture: without one it is a sky, say
LEAST = 0.15  # share of the picture's area that a part must have: below it, it is a badge
MOST = 0.97  # share above which it is the picture itself
FILLED = 0.6  # share of a line within the picture that is not the page's paper
# Share of a screenshot that is its paper at least, within so many levels; share of it that may be written on.
PAPERED, FLAT, WRITTEN = 0.12, 2, 0.4

Grey = NDArray[np.int16]


class Box(NamedTuple):
    """Shares of width and height, from the top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)

    def of(self, image: Image.Image) -> tuple[int, int, int, int]:
        """In pixels of this picture."""
        return (
            round(self.left * image.width),
            round(self.top * image.height),
            round(self.right * image.width),
            round(self.bottom * image.height),
        )


def small_grey(image: Image.Image) -> Grey:
    """Rows × columns, at most `LOOKED_AT` on the longer side."""
    scale = min(1.0, LOOKED_AT / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return np.asarray(image.convert("L").resize(size, Image.Resampling.BOX), np.int16)


def trimmed(grey: Grey) -> Box | None:
    """Without border, bars above and below, and strips with words. None where there are none."""
    top, left, (bottom, right) = 0, 0, grey.shape
    for _ in range(3):  # a border around a letterbox around a caption
        before = top, left, bottom, right
        inner = grey[top:bottom, left:right]
        above, below = _margin(inner), _margin(inner[::-1])
        top, bottom = (top + above, bottom - below) if above + below < len(inner) else (top, bottom)
        inner = grey[top:bottom, left:right].T
        before_it, behind = _margin(inner), _margin(inner[::-1])
        left, right = (left + before_it, right - behind) if before_it + behind < len(inner) else (left, right)
        if before == (top, left, bottom, right):
            break
    return _box(grey, top, left, bottom, right)


def inset(grey: Grey) -> Box | None:
    """The largest block on a page of one colour: the picture in a screenshot. None where there is none."""
    paper = int(np.bincount(grey.ravel(), minlength=256).argmax())
    if (np.abs(grey - paper) <= FLAT).mean() < PAPERED:
        return None
    drawn = np.abs(grey - paper) > PAPER
    top, left, (bottom, right) = 0, 0, grey.shape
    for _ in range(4):  # rows, then columns within them, and again, until nothing changes
        before = top, left, bottom, right
        top, bottom = _longest(drawn[:, left:right].mean(axis=1))
        left, right = _longest(drawn[top:bottom].mean(axis=0))
        if before == (top, left, bottom, right) or bottom <= top or right <= left:
            break
    inside = drawn[top:bottom, left:right]
    around = drawn.size - inside.size
    if around == 0 or drawn.sum() - inside.sum() > WRITTEN * around:
        return None
    return _box(grey, top, left, bottom, right)


def _margin(lines: Grey) -> int:
    """Lines at the beginning that are plain, or plain but for words and end at a step."""
    paper = np.median(lines[0])
    near = np.abs(lines - paper) <= PAPER
    plain = (np.abs(lines - paper).mean(axis=1) <= PLAIN) | (near.mean(axis=1) >= MOST)
    bare = _leading(plain)
    words = _leading(near.mean(axis=1) >= WORDS)
    if bare < words < len(lines):
        step = np.abs(lines[words] - lines[words - 1]).mean()
        if step >= STEP:
            return words
    return bare


def _leading(flags: NDArray[np.bool_]) -> int:
    return len(flags) if flags.all() else int(flags.argmin())


def _longest(shares: NDArray[np.float64]) -> tuple[int, int]:
    """Where the longest run of well filled lines begins and ends."""
    full = np.concatenate(([False], shares >= FILLED * np.quantile(shares, 0.95), [False]))
    edges = np.flatnonzero(full[1:] != full[:-1])
    if not len(edges):
        return 0, 0
    begins, ends = edges[::2], edges[1::2]
    best = int((ends - begins).argmax())
    return int(begins[best]), int(ends[best])


def _box(grey: Grey, top: int, left: int, bottom: int, right: int) -> Box | None:
    height, width = grey.shape
    box = Box(left / width, top / height, right / width, bottom / height)
    return box if LEAST <= box.area <= MOST else None
