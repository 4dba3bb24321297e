"""The hash bank: agrees with brute force, in every position of a picture, however it has grown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.hashes import pdq_index
from services.classifier.hashes.bank import TURNS, BankRow, HashBank
from services.classifier.hashes.pdq_index import PdqIndex
from services.classifier.hashes.pdq_rows import Rows, words
from shared.events.values import Picture

MANY = settings(deadline=None, max_examples=60)


def flipped(hash_: bytes, bits: list[int]) -> bytes:
    value = int.from_bytes(hash_, "big")
    for bit in bits:
        value ^= 1 << bit
    return value.to_bytes(32, "big")


@pytest.fixture
def banded_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands from a few rows on, so that a test meets them."""
    monkeypatch.setattr(pdq_index, "BANDED_FROM", 24)


def differing(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).bit_count()


def evenly(rng: np.random.Generator) -> list[int]:
    """All bits, each band's turn after the other's: differences spread so are hardest to find by bands."""
    of_band = [rng.permutation(16) for _ in range(16)]
    return [16 * band + int(of_band[band][turn]) for turn in range(16) for band in range(16)]


@st.composite
def searches(draw: st.DrawFn) -> tuple[list[bytes], list[int], list[bytes]]:
    """Rows, their thresholds, and queries that lie around those thresholds, as many as one can be wrong about."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    hashes = [rng.bytes(32) for _ in range(draw(st.integers(1, 200)))]
    thresholds = [int(t) for t in rng.choice([0, 31, 31, 31, 45, 47, 47, 47, 48, 90], len(hashes))]
    queries = []
    for _ in range(draw(st.integers(1, 12))):
        place = int(rng.integers(len(hashes)))
        near = thresholds[place] + int(rng.integers(-1, 2))
        queries.append(flipped(hashes[place], evenly(rng)[: max(near, 0)]))
    return hashes, thresholds, queries


@pytest.mark.usefixtures("banded_early")
@MANY
@given(searches(), st.integers(1, 5))
def test_the_index_agrees_with_comparing_all(case: tuple[list[bytes], list[int], list[bytes]], parts: int) -> None:
    hashes, thresholds, queries = case
    index = PdqIndex()
    for start in range(0, len(hashes), -(-len(hashes) // parts)):
        end = min(start + -(-len(hashes) // parts), len(hashes))
        index = index.with_rows(
            Rows(words(b"".join(hashes[start:end])), np.array(thresholds[start:end], np.uint16), np.arange(start, end))
        )
    assert len(index) == len(hashes)
    for form in (index, index.settled()):
        hits = form.search(words(b"".join(queries)))
        found = {(int(q), int(r)): int(d) for q, r, d in zip(hits.query, hits.row, hits.distance, strict=True)}
        assert len(found) == len(hits.row)
        assert found == {
            (q, r): differing(query, listed)
            for q, query in enumerate(queries)
            for r, listed in enumerate(hashes)
            if differing(query, listed) <= thresholds[r]
        }


@pytest.mark.usefixtures("banded_early")
def test_bands_are_used_once_there_are_enough_rows() -> None:
    rng = np.random.default_rng(1)
    rows = Rows(words(rng.bytes(32 * 200)), np.repeat([31, 45, 60, 47], 50).astype(np.uint16), np.arange(200))
    index = PdqIndex().with_rows(rows)
    assert {flips: len(banded.rows) for flips, banded in index.banded.items()} == {1: 50, 2: 100}
    assert len(index.compared) == 50


def test_all_bits_differing_is_256_bits_apart() -> None:
    hits = (
        PdqIndex()
        .with_rows(Rows(words(bytes(32)), np.array([256], np.uint16), np.array([7])))
        .search(words(b"\xff" * 32))
    )
    assert hits.distance.tolist() == [256]


HASH, OTHER = bytes(range(32)), bytes(range(100, 132))
DIGEST = "ab" * 32


def picture(*hashes: bytes, quality: int | None = 100, sha256: str = "00" * 32) -> Picture:
    return Picture(
        url="http://a.test/1.png",
        sha256=sha256,
        bytes=1,
        pdq_dihedral=tuple(h.hex() for h in hashes),
        pdq_quality=quality,
    )


def row(entry: str = "k", hash_: bytes = HASH, variant: str = "original", threshold: int = 31, **more: str) -> BankRow:
    return BankRow(more.get("bank", "own"), entry, "c", more.get("algorithm", "pdq"), hash_, variant, threshold)


def bank(*rows: BankRow) -> HashBank:
    made = HashBank()
    made.add(rows)
    return made


@pytest.mark.parametrize("turn", range(8))
def test_a_turned_picture_is_found_and_its_position_named(turn: int) -> None:
    hashes = [OTHER] * 8
    hashes[turn] = flipped(HASH, [3, 77])
    (match,) = bank(row()).match(picture(*hashes))
    assert (match.distance, match.variant, match.entry) == (2, TURNS[turn], "k")


def test_a_flat_picture_is_no_evidence() -> None:
    assert bank(row()).match(picture(HASH, quality=49)) == []
    assert bank(row()).match(picture(HASH, quality=None)) == []
    assert bank(row()).match(picture(HASH, quality=50)) != []


def test_an_equal_file_is_found_even_when_it_is_flat() -> None:
    listed = row(algorithm="sha256", hash_=bytes.fromhex(DIGEST))
    (match,) = bank(listed).match(picture(quality=None, sha256=DIGEST))
    assert (match.algorithm, match.distance) == ("sha256", 0)


def test_each_row_has_its_own_threshold() -> None:
    listed = bank(row("narrow", threshold=10), row("wide", threshold=20))
    assert [m.entry for m in listed.match(picture(flipped(HASH, list(range(15)))))] == ["wide"]
    assert [m.entry for m in listed.match(picture(flipped(HASH, list(range(20)))))] == ["wide"]
    assert listed.match(picture(flipped(HASH, list(range(21))))) == []


def test_an_entry_is_reported_once_by_its_nearest_variant() -> None:
    listed = bank(row(hash_=flipped(HASH, [1, 2, 3])), row(hash_=HASH, variant="centre-10"), row("other", OTHER))
    (match,) = listed.match(picture(flipped(HASH, [1])))
    assert (match.variant, match.distance) == ("centre-10", 1)


def test_pictures_are_answered_in_their_order() -> None:
    answers = bank(row("a", HASH), row("b", OTHER)).match_all([picture(OTHER), picture(bytes(32)), picture(HASH)])
    assert [[match.entry for match in matches] for matches in answers] == [["b"], [], ["a"]]


def test_what_is_listed_twice_is_listed_once() -> None:
    rows = [row(), row(algorithm="sha256"), row("l")]
    listed = HashBank()
    assert listed.add(rows) == 3
    assert listed.add([*rows, row(bank="second"), row(hash_=OTHER)]) == 2
    assert len(listed) == 5
