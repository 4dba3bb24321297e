"""Pictures are hashed at a cost that their sender cannot choose."""

import io

import numpy as np
import pytest
from PIL import Image

from services.crawler import hashing
from services.crawler.hashing import MAX_HASHED, describe, distance
from services.crawler.removal import SAME_PICTURE_BITS


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
    found = describe("http://board.test/1", encoded(Image.new(mode, (8_000, 5_000)), form))
    assert (found.width, found.height, len(found.pdq_dihedral)) == (8_000, 5_000, 8)
    assert max(hashed) <= MAX_HASHED


def test_a_large_picture_still_has_the_hash_of_the_same_picture():
    noise = np.random.default_rng(5).integers(0, 255, (60, 80), np.uint8)
    small = Image.fromarray(noise).resize((1_600, 1_200), Image.Resampling.BICUBIC)
    one = describe("http://board.test/1", encoded(small))
    other = describe("http://board.test/2", encoded(small.resize((4_800, 3_600), Image.Resampling.BICUBIC)))
    assert distance(one.pdq_dihedral[0], other.pdq_dihedral[0]) <= SAME_PICTURE_BITS / 2
