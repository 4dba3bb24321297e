"""Pictures are hashed at a cost that their sender cannot choose."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.crawler.pictures.decoding import look_at_picture
from services.crawler.removals.removal import SAME_PICTURE_BITS
from shared.prints import pdq as hashing
from shared.prints.pdq import MAX_HASHED, distance


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


@pytest.fixture
def hashed(monkeypatch):
    """Pixels of each picture that was hashed."""
    seen: list[int] = []
    compute = hashing.pdqhash.compute_dihedral

    def counting(pixels):
        seen.append(pixels.shape[0] * pixels.shape[1])
        return compute(pixels)

    monkeypatch.setattr(hashing.pdqhash, "compute_dihedral", counting)
    return seen


@pytest.mark.parametrize(
    ("mode", "form"), [("1", "PNG"), ("P", "GIF"), ("RGBA", "PNG"), ("CMYK", "JPEG"), ("I;16", "PNG")]
)
def test_a_bomb_below_the_limit_of_pixels_is_hashed_small(hashed, mode, form):
    found = look_at_picture(encoded(Image.new(mode, (8_000, 5_000)), form))
    assert (found.width, found.height, len(found.pdq_dihedral)) == (8_000, 5_000, 8)
    assert max(hashed) <= MAX_HASHED


def test_a_large_picture_still_has_the_hash_of_the_same_picture():
    noise = np.random.default_rng(5).integers(0, 255, (60, 80), np.uint8)
    small = Image.fromarray(noise).resize((1_600, 1_200), Image.Resampling.BICUBIC)
    one = look_at_picture(encoded(small))
    other = look_at_picture(encoded(small.resize((4_800, 3_600), Image.Resampling.BICUBIC)))
    assert distance(one.pdq_dihedral[0], other.pdq_dihedral[0]) <= SAME_PICTURE_BITS / 2


def test_a_hash_stays_what_it_was():
    """Hash banks and findings of earlier versions hold these values."""
    image = Image.linear_gradient("L").resize((480, 320)).convert("RGB")
    ImageDraw.Draw(image).ellipse((60, 40, 200, 250), fill=(200, 60, 40))
    hashes, quality = hashing.dihedral(image)
    assert distance(hashes[0], "0e1ef1e1f19e0ce1f1e18e1e09e1f1e10e1d0de1f61e8e1d31fef01e8ee109e1") <= 2
    assert (len(hashes), quality) == (8, 63)
