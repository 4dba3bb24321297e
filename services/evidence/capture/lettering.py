"""Which of a screenshot's lines of text are letters on a plain ground and nothing else (pure).

Whatever lies under a line, or is drawn with its letters, would be shown with it: shadows, gradients, mosaics, a body's
background, pictures of which no box tells. Nobody can list them all, so it is the pixels that are asked.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PIL import Image

from services.evidence.capture.boxes import Box

Pixels = npt.NDArray[np.uint8]

# Measured on pages of the sandbox and on two photographs with lines all over them: of 100 pieces with words 98 stay,
# of the photographs 4 in 100.
LOWEST = 8  # pixels: lower letters are dots of a picture rather
SAME, GROUND = 10, 24  # how much a pixel's colour may differ from the ground's: JPEG's ripples, the edge of a letter
CONTRAST = 60  # fainter letters are not meant to be read
LEAST_SAME, LEAST_GROUND, LEAST_LETTERS = 0.3, 0.4, 0.01  # shares of a piece
MOST_THICK = 0.05  # of a piece: dense Korean type at 12 pixels runs together so much; areas of a picture are thick
PIECE = 2  # times a line's height: what is no text is left out of a line, an emoji say, and the words beside it stay


def lettering(page: Image.Image, lines: Iterable[Box]) -> Image.Image:
    """A mask of the page's size (RGB): 255 where letters are. 1 ms a line of the page's width."""
    pixels = np.asarray(page)
    mask = np.zeros(pixels.shape[:2], dtype=np.uint8)
    for line in lines:
        left, top, right, bottom = seen = line.within(page.width, page.height)
        if not seen.area or bottom - top < LOWEST:
            continue
        beside = (bottom - top) // 2  # a block of one colour is told by what is next to it
        before = min(left, beside)
        columns = _legible(pixels[top:bottom, left - before : right + beside])
        mask[top:bottom, left:right] |= columns[before : before + right - left]
    return Image.fromarray(mask)


def _legible(line: Pixels) -> Pixels:
    """255 for each column of a piece that is."""
    height, width, _ = line.shape
    ground = _ground(line)
    differs = (np.maximum(line, ground) - np.minimum(line, ground)).max(axis=2)
    starts = np.arange(0, width, PIECE * max(height, 2 * LOWEST))
    sizes = np.diff(starts, append=width)

    def share(found: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        columns = np.zeros(width)
        columns[: found.shape[1]] = found.sum(axis=0)
        shares: npt.NDArray[np.float64] = np.add.reduceat(columns, starts) / (height * sizes)
        return shares

    ink = differs > GROUND
    legible = (
        (share(differs <= SAME) >= LEAST_SAME)
        & (share(~ink) >= LEAST_GROUND)
        & (share(differs > CONTRAST) >= LEAST_LETTERS)
        & (share(_thick(ink, max(4, height // 4))) <= MOST_THICK)
    )
    return np.repeat(np.where(legible, 255, 0), sizes).astype(np.uint8)


def _ground(line: Pixels) -> Pixels:
    """The colour that most of it has."""
    grey = line.mean(axis=2).astype(np.uint8)
    common = np.convolve(np.bincount(grey.ravel(), minlength=256), np.ones(5), "same").argmax()
    near = np.maximum(grey, common) - np.minimum(grey, common) <= 2
    ground: Pixels = np.median(line[near], axis=0).astype(np.uint8)
    return ground


def _thick(ink: npt.NDArray[np.bool_], side: int) -> npt.NDArray[np.bool_]:
    """Where a square of that side is full of it."""
    for _ in range(side - 1):
        ink = ink[1:] & ink[:-1]
    for _ in range(side - 1):
        ink = ink[:, 1:] & ink[:, :-1]
    return ink
