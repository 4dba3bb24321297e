"""A picture's digests (pure, but slow: call it in a thread)."""

import hashlib
import io

import numpy as np
import pdqhash
from PIL import Image

from shared.events.values import Picture

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF")
MAX_PIXELS = 50_000_000  # a 50-megapixel photograph; more is a bomb, and gets its SHA-256 only
# Hashing takes a second and 450 MB for each 16 million pixels, which a hostile PNG has in 2 KB. PDQ looks at the
# brightness of 64 by 64 places: averaging larger pictures beforehand changes 2 to 8 bits of 256.
MAX_HASHED, REDUCED_SIDE = 4_000_000, 1024
MIN_SIDE = 5  # PDQ has nothing to say about less


def describe(url: str, body: bytes) -> Picture:
    """Digest, size and PDQ hashes. What cannot be decoded has its SHA-256 and nothing else."""
    bare = Picture(url=url, sha256=hashlib.sha256(body).hexdigest(), bytes=len(body))
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return bare
            sized = bare.model_copy(update={"width": width, "height": height})
            if min(width, height) < MIN_SIDE:
                return sized
            pixels = np.ascontiguousarray(np.asarray(_hashable(image).convert("RGB")))
    except Exception:  # a decoder fails on hostile input in any way it likes; the digest is still evidence
        return bare
    hashes, quality = pdqhash.compute_dihedral(pixels)
    return sized.model_copy(
        update={"pdq_dihedral": tuple(map(as_hex, hashes)), "pdq_quality": max(0, min(100, int(quality)))}
    )


def _hashable(image: Image.Image) -> Image.Image:
    factor = max(image.size) // REDUCED_SIDE
    return image.convert("L").reduce(factor) if image.width * image.height > MAX_HASHED and factor > 1 else image


def as_hex(bits: "np.typing.NDArray[np.int64]") -> str:
    """The 256 bits of a hash as the 64 digits that other PDQ software writes."""
    return np.packbits(bits.astype(np.uint8)).tobytes().hex()


def distance(one: str, other: str) -> int:
    """Differing bits of two hashes."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
