from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray
from PIL import Image

from sandbox.images import posted_file, thumbnail_file
from sandbox.known import LABELS, SIZE, known_picture
from sandbox.model import Picture, Transform
from sandbox.transforms import BORDER, CROPS, TURNED_BY, centre_cropped, corner_cropped
from sandbox.world import World

Bits = NDArray[np.bool_]
# A classifier allows about 31 bits; 90 leaves room for the crops and mirror images that it also holds.
FAR = 90
NEAR = 50


def pdq(picture: Image.Image) -> tuple[Bits, int]:
    bits, quality = pdqhash.compute(np.asarray(picture.convert("RGB")))
    return bits.astype(bool), quality


def distance(one: Bits, other: Bits) -> int:
    return int((one != other).sum())


def opened(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(posted_file(picture)[0]))


@pytest.fixture(scope="module")
def bank() -> dict[str, Bits]:
    return {label: pdq(known_picture(label))[0] for label in LABELS}


def test_stand_ins_have_quality_and_are_far_from_each_other(bank: dict[str, Bits]) -> None:
    assert all(pdq(known_picture(label))[1] >= 60 for label in LABELS)
    assert min(distance(bank[a], bank[b]) for a, b in combinations(LABELS, 2)) > FAR


def test_no_ordinary_picture_of_the_default_world_is_near_a_stand_in(bank: dict[str, Bits]) -> None:
    """Every eighth one, for speed: which ones changes with every change of the world."""
    posts = [post.picture for post in World.generate(7, 1.0).posts if post.picture and not post.picture.known]
    for picture in posts[::8]:
        bits, _ = pdq(opened(picture))
        assert min(distance(bits, known) for known in bank.values()) > FAR, picture


OTHERWISE = (Transform.MIRRORED, Transform.BORDERED, Transform.CORNER_CROPPED, Transform.TURNED)


@pytest.mark.parametrize("transform", [t for t in Transform if t not in OTHERWISE])
def test_what_is_posted_stays_near_the_stand_in_or_its_centred_crop(transform: Transform) -> None:
    for label in LABELS[::3]:
        original = known_picture(label)
        reference = centre_cropped(original, CROPS[transform]) if transform in CROPS else original
        bits, _ = pdq(opened(Picture(label, known=True, transform=transform)))
        assert distance(bits, pdq(reference)[0]) < NEAR


def test_a_crop_takes_its_share_of_each_side_length() -> None:
    width, height = known_picture(LABELS[0]).size
    for transform, share in CROPS.items():
        size = opened(Picture(LABELS[0], known=True, transform=transform)).size
        assert size == pytest.approx((width * (1 - share), height * (1 - share)), abs=1)


def test_mirrored_is_near_only_when_mirrored_back(bank: dict[str, Bits]) -> None:
    posted = opened(Picture(LABELS[0], known=True, transform=Transform.MIRRORED))
    assert distance(pdq(posted)[0], bank[LABELS[0]]) > FAR
    assert distance(pdq(posted.transpose(Image.Transpose.FLIP_LEFT_RIGHT))[0], bank[LABELS[0]]) < NEAR


def test_a_bordered_one_is_whole_within_its_border(bank: dict[str, Bits]) -> None:
    posted, (width, height) = opened(Picture(LABELS[0], known=True, transform=Transform.BORDERED)), SIZE
    edge = round(max(SIZE) * BORDER)
    assert posted.size == (width + 2 * edge, height + 2 * edge)
    assert distance(pdq(posted)[0], bank[LABELS[0]]) > FAR
    assert distance(pdq(posted.crop((edge, edge, edge + width, edge + height)))[0], bank[LABELS[0]]) < NEAR


def test_a_turned_one_is_near_when_it_is_turned_back(bank: dict[str, Bits]) -> None:
    posted = opened(Picture(LABELS[0], known=True, transform=Transform.TURNED))
    away = distance(pdq(posted)[0], bank[LABELS[0]])
    assert distance(pdq(posted.rotate(-TURNED_BY, Image.Resampling.BICUBIC))[0], bank[LABELS[0]]) < away / 2


def test_a_crop_of_a_corner_is_that_part() -> None:
    original = known_picture(LABELS[0])
    posted = opened(Picture(LABELS[0], known=True, transform=Transform.CORNER_CROPPED))
    assert distance(pdq(posted)[0], pdq(corner_cropped(original))[0]) < NEAR
    assert distance(pdq(posted)[0], pdq(original)[0]) > NEAR


def test_identity_keeps_every_pixel_and_files_are_reproducible() -> None:
    picture = Picture(LABELS[1], known=True, transform=Transform.IDENTITY)
    body, media_type = posted_file(picture)
    assert media_type == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(body))), np.asarray(known_picture(LABELS[1])))
    ordinary = Picture("some scene")
    assert posted_file.__wrapped__(ordinary) == posted_file.__wrapped__(ordinary)
    assert max(Image.open(io.BytesIO(thumbnail_file(ordinary))).size) == 240


def test_an_unknown_stand_in_is_named_with_the_choice() -> None:
    with pytest.raises(KeyError, match="standin-aster"):
        known_picture("standin-nothing")
