"""A saved hash index is read as it was, or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.hashes.index import DigestIndex, HammingIndex, IndexUnreadable
from services.classifier.hashes.index.files import HEADER, MAGIC, NAME
from tests.support.hashes import Listed


@pytest.fixture(scope="module")
def listed() -> Listed:
    return Listed.random(np.random.default_rng(1), 256, 200, [0, 31, 60], clustered=False)


@pytest.fixture(scope="module")
def folder(listed: Listed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved index of which some rows were taken out."""
    index = HammingIndex(256)
    index.add(*listed.all)
    index.remove(listed.numbers[:50])
    folder = tmp_path_factory.mktemp("index") / "pdq"
    index.save(folder, revision=77)
    return folder


def test_a_loaded_index_finds_what_the_saved_one_did(listed: Listed, folder: Path) -> None:
    index, revision = HammingIndex.load(folder, 256)
    left = listed.without(listed.numbers[:50])
    hits = index.search(listed.hashes)
    found = set(zip(hits.query.tolist(), hits.number.tolist(), hits.distance.tolist(), strict=True))
    assert found == left.compared(listed.hashes)
    assert (len(index), revision) == (150, 77)
    index.add(*listed.at(np.arange(50)))
    assert len(index.search(listed.hashes)) == 200


def test_saving_again_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    index = DigestIndex()
    for revision in (1, 2):
        index.add([bytes([revision]) * 32], np.array([revision]))
        index.save(tmp_path, revision)
    again, revision = DigestIndex.load(tmp_path)
    assert (len(again), revision) == (2, 2)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_an_empty_index_is_saved_too(tmp_path: Path) -> None:
    HammingIndex(64).save(tmp_path, 0)
    index, revision = HammingIndex.load(tmp_path, 64)
    assert (len(index), revision) == (0, 0)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexUnreadable, match="cannot be read"):
        HammingIndex.load(tmp_path / "nowhere", 256)


def test_an_index_of_other_hashes_is_refused(folder: Path) -> None:
    with pytest.raises(IndexUnreadable, match="256 bits"):
        HammingIndex.load(folder, 64)


@settings(max_examples=60)
@given(st.data())
def test_a_file_with_one_other_byte_or_cut_short_is_refused(folder: Path, data: st.DataObject) -> None:
    whole = (folder / NAME).read_bytes()
    place = data.draw(st.one_of(st.integers(0, 120), st.integers(0, len(whole) - 1)))
    other = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    for broken in (whole[:place] + other + whole[place + 1 :], whole[:place], whole + b"\0"):
        (folder.parent / "broken").mkdir(exist_ok=True)
        (folder.parent / "broken" / NAME).write_bytes(broken)
        with pytest.raises(IndexUnreadable):
            HammingIndex.load(folder.parent / "broken", 256)


@pytest.mark.parametrize(
    "header",
    [
        {"bits": 256, "revision": 1, "rows": [2**60] + [0] * 5},
        {"bits": 256, "revision": 1, "rows": [-1, 1] + [0] * 4},
        {"bits": 256, "revision": 1, "rows": "many"},
        {"bits": 256, "rows": [0] * 6},
        [256],
        "nothing",
    ],
)
def test_a_header_that_lies_is_refused_before_anything_is_read(tmp_path: Path, header: object) -> None:
    said = json.dumps(header).encode()
    (tmp_path / NAME).write_bytes(MAGIC + HEADER.pack(len(said)) + said + bytes(500))
    with pytest.raises(IndexUnreadable):
        HammingIndex.load(tmp_path, 256)
