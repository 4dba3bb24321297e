"""The stand-ins for known pictures: procedural art, the same in every world, entered into a hash bank by whoever tests.

Each is a random sum of low cosine waves, cut into bands of colour: many strong edges (a perceptual hash gives it full
quality) and a random spectrum (its hash is like 256 coin flips, so that no other picture comes near it by accident).
"""

from functools import cache

import numpy as np
from PIL import Image

from sandbox.rasters import Field, cosine_field, painted, palette, rng_of

LABELS = tuple(
    f"standin-{word}"
    for word in (
        "aster", "birch", "cedar", "daisy", "elder", "fern", "ginger", "hazel", "iris", "juniper", "kelp", "laurel",
    )
)  # fmt: skip
SIZE = (512, 512)
# Waves up to this many half periods a side: within the 16 that PDQ looks at, low enough to survive a crop of 15 %.
_WAVES = 9
_BANDS = 6


@cache
def known_picture(label: str) -> Image.Image:
    """The stand-in of that name, RGB, `SIZE` pixels. KeyError for a name that is not in `LABELS`."""
    if label not in LABELS:
        raise KeyError(f"no stand-in {label!r}: one of {', '.join(LABELS)}")
    rng = rng_of(f"known/{label}")
    shape = cosine_field(rng, SIZE, _WAVES)
    bands: Field = np.floor((shape - shape.min()) / (np.ptp(shape) + 1e-9) * _BANDS).clip(0, _BANDS - 1)
    return painted(bands / (_BANDS - 1), palette(rng, _BANDS))
