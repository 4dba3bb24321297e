"""PDQ, the perceptual hash of pictures (pure, but slow: 25 ms a megapixel).

Meta's algorithm and reference code, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019).
"""

import math

import numpy as np
import pdqhash
from PIL import Image

MAX_PIXELS = 50_000_000  # a 50-megapixel photograph; more is a bomb, and is not decoded
# Hashing takes a second and 450 MB for each 16 million pixels, which a hostile PNG has in 2 KB. PDQ looks at the
# brightness of 64 by 64 places: averaging larger pictures beforehand changes 2 to 8 bits of 256.
MAX_HASHED, REDUCED_SIDE = 4_000_000, 1024
MIN_SIDE = 5  # PDQ has nothing to say about less


def dihedral(image: Image.Image) -> tuple[tuple[str, ...], int]:
    """The hashes of the picture turned and mirrored, first as it is, and their quality, 0-100."""
    hashes, quality = pdqhash.compute_dihedral(_pixels(image))
    return tuple(map(as_hex, hashes)), max(0, min(100, int(quality)))


def single(image: Image.Image) -> tuple[str, int]:
    """The hash of the picture as it is, and its quality, 0-100."""
    bits, quality = pdqhash.compute(_pixels(image))
    return as_hex(bits), max(0, min(100, int(quality)))


def reduced(image: Image.Image) -> Image.Image:
    """The picture itself or, above `MAX_HASHED` pixels, averaged to one or two thousand a side, in grey. Listed hashes
    depend on it: it stays as it is."""
    factor = max(image.size) // REDUCED_SIDE
    large = image.width * image.height > MAX_HASHED and factor > 1
    return image.convert("L").reduce(factor) if large else image


def averaged(image: Image.Image, most: int) -> Image.Image:
    """The picture itself, or averaged to at most so many pixels, in grey."""
    factor = math.ceil(math.sqrt(image.width * image.height / most))
    return image.convert("L").reduce(factor) if factor > 1 else image


def _pixels(image: Image.Image) -> "np.typing.NDArray[np.uint8]":
    return np.ascontiguousarray(np.asarray(reduced(image).convert("RGB")))


def as_hex(bits: "np.typing.NDArray[np.int64]") -> str:
    """The 256 bits of a hash as the 64 digits that other PDQ software writes."""
    return np.packbits(bits.astype(np.uint8)).tobytes().hex()


def distance(one: str, other: str) -> int:
    """Differing bits of two hashes."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
