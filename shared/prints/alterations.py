"""The ways to cut and turn a picture that are stored with it, by name (pure).

PDQ at 60 bits meets a crop that differs from a stored one by 4.5 % of the size in total where both are centred, by 4 %
on one side, by 3 % in a corner, and a picture that is turned by 2.7° more or less (medians over 27 photographs). The
measures below lie about twice so far apart, from nothing to 30 % and 12°.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product

from PIL import Image

Alter = Callable[[Image.Image], Image.Image]
Cut = tuple[float, float, float, float]  # left, top, right, bottom: shares of width and height

SIDES = ("left", "top", "right", "bottom")
CENTRED = (8, 15, 22, 30)  # per cent cut away in total
ONE_SIDED = (8, 15, 22, 29)
CORNERS = (5, 9, 13, 17, 21, 25, 29)  # of width and height each
TWO_SIDED = (11, 19, 28)
EDGES = (11,)  # cut on three sides: the window stands in the middle of the fourth
DEGREES = (4, 8, 12)


def crop(image: Image.Image, cut: Cut) -> Image.Image:
    left, top, right, bottom = cut
    width, height = image.size
    return image.crop((
        round(width * left), round(height * top), width - round(width * right), height - round(height * bottom),
    ))  # fmt: skip


def turn(image: Image.Image, degrees: float, corners: int = 0) -> Image.Image:
    """Against the clock, in a frame of the same size; the corners that become free have this brightness."""
    return image.convert("L").rotate(degrees, Image.Resampling.BICUBIC, fillcolor=corners)


def turn_and_crop(image: Image.Image, degrees: float) -> Image.Image:
    """… and cut to the largest part of the same shape without free corners."""
    width, height = image.size
    sine, cosine = abs(math.sin(math.radians(degrees))), math.cos(math.radians(degrees))
    kept = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    return crop(turn(image, degrees), ((1 - kept) / 2,) * 4)


def _cuts() -> dict[str, Cut]:
    cuts: dict[str, Cut] = {f"centre-{percent}": (percent / 200,) * 4 for percent in CENTRED}
    for side, percent in product(range(4), ONE_SIDED):
        cuts[f"{SIDES[side]}-{percent}"] = _cut({side: percent})
    for across, down, percent in product((0, 2), (1, 3), CORNERS):
        cuts[f"{SIDES[down]}-{SIDES[across]}-{percent}"] = _cut({across: percent, down: percent})
    for percent in TWO_SIDED:
        cuts[f"left-and-right-{percent}"] = _cut({0: percent / 2, 2: percent / 2})
        cuts[f"top-and-bottom-{percent}"] = _cut({1: percent / 2, 3: percent / 2})
    for side, percent in product(range(4), EDGES):
        beside = {(side + 1) % 4: percent / 2, (side + 3) % 4: percent / 2}
        cuts[f"{SIDES[side]}-and-beside-{percent}"] = _cut({side: percent, **beside})
    for number, (top, left) in enumerate(product((0, 50), repeat=2), 1):
        cuts[f"quadrant-{number}"] = _cut({0: left, 1: top, 2: 50 - left, 3: 50 - top})
    return cuts


def _cut(percent: Mapping[int, float]) -> Cut:
    left, top, right, bottom = (percent.get(side, 0) / 100 for side in range(4))
    return left, top, right, bottom


CUTS: Mapping[str, Cut] = _cuts()
TURNS: Mapping[str, int] = {f"turned{sign * angle:+d}": sign * angle for angle, sign in product(DEGREES, (1, -1))}
ALTERATIONS: Mapping[str, Alter] = {
    **{name: partial(crop, cut=cut) for name, cut in CUTS.items()},
    **{name: partial(turn, degrees=degrees) for name, degrees in TURNS.items()},
    **{f"{name}-on-white": partial(turn, degrees=degrees, corners=255) for name, degrees in TURNS.items()},
    **{f"{name}-cropped": partial(turn_and_crop, degrees=degrees) for name, degrees in TURNS.items()},
}
