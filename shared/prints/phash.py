"""pHash of 64 bits, as `imagehash.phash` computes it, in the eight positions (pure).

Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), as the imagehash package has it.
"""

import imagehash
import numpy as np
from PIL import Image

from shared.prints.pdq import reduced

SIDE = 32  # imagehash.phash looks at so many pixels a side


def phash(image: Image.Image) -> str:
    """16 hexadecimal digits, as `str` of imagehash's."""
    return str(imagehash.phash(reduced(image)))


def phash_dihedral(image: Image.Image) -> tuple[str, ...]:
    """In the order of `pdq.dihedral`. The small copy is turned, not the picture: that costs one look for all eight."""
    small = reduced(image).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return tuple(str(imagehash.phash(Image.fromarray(turn))) for turn in _turns(np.asarray(small)))


def _turns(grey: "np.typing.NDArray[np.uint8]") -> "list[np.typing.NDArray[np.uint8]]":
    return [
        grey, np.rot90(grey), np.rot90(grey, 2), np.rot90(grey, -1),
        np.flipud(grey), np.fliplr(grey), grey.T, np.rot90(grey, 2).T,
    ]  # fmt: skip
