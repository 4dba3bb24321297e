"""What is listed of a known picture, so that its usual re-uploads are found: its digest, its hash, and its crops'.

A crop of 10 % moves a PDQ hash 80 bits, beyond any usable threshold, so the crops themselves are hashed. Measured on
ordinary photographs, the mean recall over 40 ways of changing a picture rises from 0.62 to 0.85 by it (threshold 60).
Always hashed at full size: making pictures smaller first costs up to 26 bits.
"""

import hashlib
import io
from collections.abc import Iterator

import numpy as np
import pdqhash
from PIL import Image, UnidentifiedImageError

from services.classifier.hashes.bank import ORIGINAL
from shared.events.values import MIN_PDQ_QUALITY, HashEntry

# Lists of others are huge: there the index is exact and fast to 31 bits, PDQ's usual setting, also the safest one.
FOREIGN_THRESHOLD = 31
# An agency's own pictures are few and every match is reviewed by a person. 45 covers what lies between two of the crops
# below (2.5 % of the size moves a hash 44 bits at most in the middle of photographs) and recompression by social
# networks (median 34). No unrelated pair of 4.5 million was within 85 bits.
OWN_THRESHOLD = 45
MAX_PIXELS = 64_000_000  # a decoded picture of 192 MB; larger ones are attacks or posters
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")

Box = tuple[float, float, float, float]  # what is cut away left, top, right, bottom, as shares of width and height

CENTRED = {f"centre-{percent}": (percent / 200,) * 4 for percent in (5, 10, 15, 20, 25, 30)}
EDGES = {
    f"{side}-{percent}": tuple(percent / 100 if place == edge else 0.0 for place in range(4))
    for edge, side in enumerate(("left", "top", "right", "bottom"))
    for percent in (10, 20)
}
CROPS: dict[str, Box] = {**CENTRED, **EDGES}  # type: ignore[dict-item]  # all have four shares


class PictureRefused(ValueError):
    """Cannot be listed. The message says why and what to do."""


def compute_entries(label: str, category: str, picture: bytes, threshold: int = OWN_THRESHOLD) -> tuple[HashEntry, ...]:
    """The entries to list of a picture file. Raises `PictureRefused`."""
    image = decoded(picture)

    def entry(algorithm: str, digest: str, variant: str, within: int) -> HashEntry:
        return HashEntry(
            entry=label, category=category, algorithm=algorithm, hash=digest, variant=variant, threshold=within
        )

    exact = entry("sha256", hashlib.sha256(picture).hexdigest(), ORIGINAL, 0)
    return exact, *(entry("pdq", digest, variant, threshold) for variant, digest in _hashes(image))


def decoded(picture: bytes) -> Image.Image:
    """The first frame, RGB."""
    try:
        with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise PictureRefused(
                    f"it has {opened.width} × {opened.height} pixels, more than {MAX_PIXELS:,}; give a smaller copy"
                )
            return opened.convert("RGB")
    except PictureRefused:
        raise
    except UnidentifiedImageError as error:
        raise PictureRefused(f"it is no picture of a known kind; give {', '.join(FORMATS)}") from error
    except Exception as error:  # decoders raise anything on a broken file
        raise PictureRefused(f"it cannot be decoded: {error}; is the file whole?") from error


def _hashes(image: Image.Image) -> Iterator[tuple[str, str]]:
    digest, quality = pdq(image)
    if quality < MIN_PDQ_QUALITY:
        raise PictureRefused(
            f"its PDQ quality is {quality} of 100, below {MIN_PDQ_QUALITY}: it is so flat that unrelated pictures would"
            " agree with it; list its SHA-256 in a hash file instead"
        )
    yield ORIGINAL, digest
    for variant, box in CROPS.items():
        digest, quality = pdq(cropped(image, box))
        if quality >= MIN_PDQ_QUALITY:
            yield variant, digest


def cropped(image: Image.Image, box: Box) -> Image.Image:
    left, top, right, bottom = box
    width, height = image.size
    return image.crop((
        round(width * left), round(height * top), width - round(width * right), height - round(height * bottom),
    ))  # fmt: skip


def pdq(image: Image.Image) -> tuple[str, int]:
    """Hash in hexadecimal, most significant bit first, and quality."""
    bits, quality = pdqhash.compute(np.asarray(image))
    return np.packbits(bits.astype(np.uint8)).tobytes().hex(), int(quality)
