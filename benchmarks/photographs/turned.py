"""Pictures turned by a few degrees, or seen from the side."""

import math

import numpy as np
from PIL import Image


def turned(photo: Image.Image, degrees: float, corners: tuple[int, int, int] = (0, 0, 0)) -> Image.Image:
    """Of the same size; the corners that become free have one colour."""
    return photo.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=corners)


def turned_and_cropped(photo: Image.Image, degrees: float) -> Image.Image:
    """The largest upright part of the same shape without free corners."""
    width, height = photo.size
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    kept = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    dx, dy = math.ceil(width * (1 - kept) / 2), math.ceil(height * (1 - kept) / 2)
    return turned(photo, degrees).crop((dx, dy, width - dx, height - dy))


def perspective(photo: Image.Image, share: float) -> Image.Image:
    """The right edge further away: its corners come nearer by `share` of the height, and the picture is cut upright."""
    width, height = photo.size
    shown = [(0.0, 0.0), (float(width), height * share), (float(width), height * (1 - share)), (0.0, float(height))]
    corners = [(0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))]
    return photo.transform(photo.size, Image.Transform.PERSPECTIVE, _coefficients(corners, shown), _BICUBIC)


_BICUBIC = Image.Resampling.BICUBIC


def _coefficients(target: list[tuple[float, float]], source: list[tuple[float, float]]) -> list[float]:
    """Of the homography that takes points of the target to points of the source, as Pillow wants them."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    wanted = np.array([value for point in source for value in point])
    return [float(value) for value in np.linalg.solve(np.array(rows), wanted)]
