"""The changes that robustness is measured with do what they say, and the comparison counts what it should."""

import random

import numpy as np
import pytest
from PIL import Image

from benchmarks.photographs.comparing import compare
from benchmarks.photographs.sources import photographs
from benchmarks.photographs.transforms import COMPANIONS, FORTY, OFF_GRID, Photo
from benchmarks.photographs.ways import OURS, PDQ
from services.classifier.hashes.variants import OWN_THRESHOLD


def photo(seed: int, size: tuple[int, int] = (240, 180)) -> Photo:
    coarse = np.random.default_rng(seed).integers(0, 255, (11, 13, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("name", [*FORTY, *OFF_GRID])
def test_a_change_changes_the_picture_and_always_in_the_same_way(name: str) -> None:
    change = {**FORTY, **OFF_GRID}[name]
    others = [photo(seed) for seed in (2, 3, 4)]
    changed, again = (change(photo(1), random.Random(5), others) for _ in range(2))
    assert changed.mode == "RGB"
    assert changed.tobytes() == again.tobytes()
    assert (changed.size == photo(1).size and changed.tobytes() == photo(1).tobytes()) is (name == "identity")


def test_there_are_forty_of_them() -> None:
    assert len(FORTY) == 40


def test_each_changed_one_is_compared_with_each_listed_one() -> None:
    photos = [photo(seed) for seed in range(COMPANIONS + 1)]
    compared, costs = compare(photos, {name: FORTY[name] for name in ("jpeg_q30", "mirror")}, (OURS, PDQ))
    ours, pdq = compared[OURS.name], compared[PDQ.name]
    assert ours.first.shape == (2, 4, 4)
    own = np.eye(4, dtype=bool)
    assert (ours.first[:, own] <= 45).all()
    assert (ours.second[:, own] <= 12).all()
    assert (ours.first[:, ~own] > OWN_THRESHOLD).all()
    assert (pdq.first[0][own] <= 31).all()
    assert (pdq.first[1][own] > 90).all()  # PDQ alone does not know a mirrored one
    assert costs.rows[PDQ.name] == 1


def test_photographs_of_a_folder_are_those_in_it(tmp_path) -> None:
    photo(1, (900, 600)).save(tmp_path / "large.png")
    photo(2, (90, 60)).save(tmp_path / "small.png")
    (tmp_path / "notes.txt").write_text("gate seven")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    assert [max(found.size) for found in photographs(tmp_path)] == [800]
