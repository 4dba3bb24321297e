"""The hash index: agrees with brute force, however it has grown, whatever it holds, while it is written to."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.hashes.index import DigestIndex, HammingIndex, Hits, compiling, group, plan
from services.classifier.hashes.index import bands as bands_module
from services.classifier.hashes.index.hits import Words
from services.classifier.hashes.index.kernels import END
from services.classifier.hashes.index.plan import Plan, best_plan
from services.classifier.hashes.index.spreading import spread
from tests.support.hashes import Listed, flipped, random_hashes

MANY = settings(max_examples=40)
THRESHOLDS = {256: [0, 7, 15, 31, 31, 31, 45, 47, 60, 90], 64: [0, 3, 8, 11, 11, 14]}


@pytest.fixture(autouse=True)
def banded_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands from a few rows on, and however slow they are, so that a test meets them."""
    for module in (plan, group):
        monkeypatch.setattr(module, "BANDED_FROM", 24)
    monkeypatch.setattr(plan, "WIDTHS", range(4, 27))
    monkeypatch.setattr(plan, "COMPARISON", 1e9)


def asked(rng: np.random.Generator, listed: Listed, count: int) -> Words:
    """Queries just within, at and just beyond the thresholds of rows: as many as one can be wrong about."""
    bits = listed.hashes.shape[1] * 64
    places = rng.integers(0, len(listed.numbers), count)
    near = np.clip(listed.thresholds[places] + rng.integers(-1, 2, count), 0, bits)
    return np.array([flipped(rng, listed.hashes[place], int(n)) for place, n in zip(places, near, strict=True)])


def as_set(hits: Hits) -> set[tuple[int, int, int]]:
    found = set(zip(hits.query.tolist(), hits.number.tolist(), hits.distance.tolist(), strict=True))
    assert len(found) == len(hits), "a row was told twice"
    return found


@MANY
@given(st.sampled_from([64, 256]), st.integers(0, 2**32), st.integers(1, 400), st.integers(1, 5), st.booleans())
def test_agrees_with_comparing_all_however_it_has_grown(
    bits: int, seed: int, rows: int, parts: int, clustered: bool
) -> None:
    rng = np.random.default_rng(seed)
    listed = Listed.random(rng, bits, rows, THRESHOLDS[bits], clustered)
    index = HammingIndex(bits)
    for part in np.array_split(np.arange(rows), parts):
        index.add(*listed.at(part))
    gone = rng.choice(listed.numbers, rows // 3, replace=False)
    assert index.remove(gone) == len(gone)
    assert index.remove(gone) == 0, "they are gone already"
    listed = listed.without(gone)
    queries = asked(rng, listed, 12)
    assert as_set(index.search(queries)) == listed.compared(queries)
    index.settle()
    assert as_set(index.search(queries)) == listed.compared(queries)
    assert len(index) == len(listed.numbers)


def test_a_number_listed_again_has_its_new_hash_and_threshold() -> None:
    rng = np.random.default_rng(1)
    old, new = random_hashes(rng, 2, 256)
    index = HammingIndex(256)
    index.add(old[None], np.array([31]), np.array([7]))
    index.add(new[None], np.array([60]), np.array([7]))
    assert not len(index.search(old[None]))
    assert as_set(index.search(flipped(rng, new, 60)[None])) == {(0, 7, 60)}
    assert len(index) == 1


def test_hits_come_by_query_and_then_by_distance() -> None:
    rng = np.random.default_rng(2)
    base = random_hashes(rng, 1, 256)[0]
    hashes = np.array([flipped(rng, base, apart) for apart in (9, 3, 6, 20)])
    index = HammingIndex(256)
    index.add(hashes, np.array([31, 31, 10, 60]), np.arange(4))
    hits = index.search(np.array([base, base]))
    assert hits.query.tolist() == [0] * 4 + [1] * 4
    assert hits.distance.tolist() == [3, 6, 9, 20] * 2
    assert hits.number.tolist() == [1, 2, 0, 3] * 2


def test_of_each_query_the_nearest_are_kept() -> None:
    hits = Hits(np.array([0, 0, 0, 2, 2]), np.array([5, 6, 7, 5, 6]), np.array([0, 1, 2, 0, 4], np.int16))
    assert hits.nearest(2).number.tolist() == [5, 6, 5, 6]
    assert hits.nearest(3) is hits


def test_nothing_listed_and_nothing_asked() -> None:
    index = HammingIndex(256)
    assert not len(index.search(random_hashes(np.random.default_rng(3), 3, 256)))
    assert not len(index.search(np.empty((0, 4), np.uint64)))
    assert index.remove(np.array([5])) == 0
    index.add(np.empty((0, 4), np.uint64), np.empty(0, np.int16), np.empty(0, np.int64))
    assert len(index) == 0


@pytest.mark.parametrize(
    ("hashes", "thresholds", "numbers", "says"),
    [
        (np.zeros((2, 1), np.uint64), [31, 31], [1, 2], "hashes are uint64 of (2, 1)"),
        (np.zeros((2, 4), np.int64), [31, 31], [1, 2], "hashes are int64"),
        (np.zeros((2, 4), np.uint64), [31, 257], [1, 2], "thresholds"),
        (np.zeros((2, 4), np.uint64), [31], [1, 2], "thresholds"),
        (np.zeros((2, 4), np.uint64), [31, 31], [1, 1], "numbers"),
        (np.zeros((2, 4), np.uint64), [31, 31], [1, -1], "numbers"),
    ],
)
def test_rows_of_the_wrong_shape_are_named(hashes: Words, thresholds: list[int], numbers: list[int], says: str) -> None:
    index = HammingIndex(256)
    with pytest.raises(ValueError, match="give") as raised:
        index.add(hashes, np.array(thresholds), np.array(numbers))
    assert says in str(raised.value)
    assert len(index) == 0


@pytest.mark.parametrize("way", ["bands", "comparing"])
def test_more_hits_than_are_expected_are_all_told(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands_module, "HITS_AT_ONCE", 8)
    monkeypatch.setattr(bands_module, "COMPARISON", 1e9)  # none is given up
    monkeypatch.setattr(plan, "COMPARISON", 1e9 if way == "bands" else 0.0)
    rng = np.random.default_rng(4)
    base = random_hashes(rng, 1, 256)[0]
    listed = Listed.around(rng, base, 900, threshold=31)
    index = HammingIndex(256)
    index.add(*listed.all)
    index.settle()
    assert (index._groups[3]._state.plan is not None) == (way == "bands")
    queries = np.array([base, flipped(rng, base, 31), ~base, base])
    assert as_set(index.search(queries)) == listed.compared(queries)


def test_a_query_that_meets_too_many_is_answered_by_comparing_all() -> None:
    """Rows with the same values in most bands, as an attacker may list them: no query walks through them all."""
    rng = np.random.default_rng(5)
    base = random_hashes(rng, 1, 256)[0]
    crowd = Listed.around(rng, base, 3000, threshold=15)
    listed = crowd.with_more(Listed.random(rng, 256, 500, [15], clustered=False))
    index = HammingIndex(256)
    index.add(*listed.all)
    index.settle()
    queries = np.concatenate([base[None], asked(rng, listed, 20)])
    state = index._groups[2]._state
    assert state.plan is not None
    _, given_up = group.search(state.bands, state.plan, spread(queries), state.rows, 15)
    assert 0 in given_up
    assert len(given_up) < len(queries)
    assert as_set(index.search(queries)) == listed.compared(queries)


def test_rows_answer_while_others_come_and_go() -> None:
    """What is listed is found by every search, what was never listed by none, while a thread lists and takes out."""
    rng = np.random.default_rng(6)
    steady = Listed.random(rng, 256, 200, [31], clustered=False)
    coming = Listed.random(rng, 256, 6000, [31], clustered=False, first=10_000)
    index = HammingIndex(256)
    index.add(*steady.all)
    queries = np.array([flipped(rng, one, 20) for one in steady.hashes])
    expected = steady.compared(queries)
    done = threading.Event()

    def write() -> None:
        try:
            for part in np.array_split(np.arange(6000), 60):
                index.add(*coming.at(part))
                index.remove(coming.numbers[part[: len(part) // 2]])
        finally:
            done.set()

    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(write)
        while not done.is_set():
            assert as_set(index.search(queries)) == expected
        writing.result()
    index.settle()
    assert as_set(index.search(queries)) == expected
    assert len(index) == 3200


class Held:
    """A function that keeps its result back until `go_on`."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: type, name: str) -> None:
        self.called, self.go_on = threading.Event(), threading.Event()
        self._function = getattr(owner, name)
        patch.setattr(owner, name, lambda *arguments: self._call(*arguments))

    def _call(self, *arguments: object) -> object:
        result = self._function(*arguments)
        self.called.set()
        assert self.go_on.wait(30)
        return result


def chained(band: bands_module.Band) -> Iterator[int]:
    """All rows of all chains."""
    for row in map(int, band.heads):
        while row != END:
            yield row
            row = int(band.following[row])


@pytest.mark.parametrize("settled", [0, 100])
def test_a_row_answers_when_add_returns_also_while_bands_are_made(
    settled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "KEEPING", 1e9)  # one band is made after the other
    rng = np.random.default_rng(7)
    index = HammingIndex(256)
    listed = Listed.random(rng, 256, 400, [31], clustered=False)
    index.add(*listed.at(np.arange(settled)))
    index.settle()
    making = Held(monkeypatch, group.Band, "of")
    index.add(*listed.at(np.arange(settled, 160)))
    assert making.called.wait(30)
    index.add(*listed.at(np.arange(160, 190)))  # in the old bands, where there are any
    index.add(*listed.at(np.arange(190, 400)))  # beyond their room
    gone = listed.numbers[150:170]
    assert index.remove(gone) == 20
    queries = np.array([flipped(rng, one, 31) for one in listed.hashes])
    expected = listed.without(gone).compared(queries)
    assert as_set(index.search(queries)) == expected
    making.go_on.set()
    renewing = index._groups[3]._renewing
    assert renewing is not None
    renewing.result()
    for wanted in (160, 400):  # what there is room for, and what there is
        state = index._groups[3]._state
        assert state.linked >= wanted
        assert [sorted(chained(band)) for band in state.bands] == [list(range(state.linked))] * 32
        assert as_set(index.search(queries)) == expected
        index.settle()


def test_rows_that_come_and_go_while_removed_ones_are_cleared_away(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(12)
    index = HammingIndex(256)
    listed = Listed.random(rng, 256, 300, [31], clustered=False)
    index.add(*listed.at(np.arange(200)))
    index.settle()
    clearing = Held(monkeypatch, group.Rows, "only")
    index.remove(listed.numbers[:100])
    assert clearing.called.wait(30)
    index.add(*listed.at(np.arange(200, 300)))
    index.remove(listed.numbers[90:110])
    clearing.go_on.set()
    index.settle()
    expected = listed.without(listed.numbers[:110])
    assert as_set(index.search(listed.hashes)) == expected.compared(listed.hashes)
    assert len(index) == 190
    assert index._groups[3]._state.rows.count < 300


def test_a_search_sees_no_row_that_came_after_it_began() -> None:
    """Such a row may stand behind the end of the arrays that the search holds."""
    rng = np.random.default_rng(11)
    listed = Listed.random(rng, 256, 400, [31], clustered=False)
    index = HammingIndex(256)
    index.add(*listed.all)
    index.settle()
    state = index._groups[3]._state
    assert state.plan is not None
    earlier = replace(state.rows, count=300)
    found, _ = group.search(state.bands, state.plan, spread(listed.hashes), earlier, 31)
    assert {row for triples in found for row in triples[:, 1].tolist()} == set(range(300))


def test_rows_are_found_when_bands_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(group.Band, "of", failing)
    rng = np.random.default_rng(8)
    listed = Listed.random(rng, 256, 100, [31], clustered=False)
    index = HammingIndex(256)
    index.add(*listed.all)
    index.settle()
    assert as_set(index.search(listed.hashes)) == listed.compared(listed.hashes)


def test_removed_rows_give_their_place_back() -> None:
    rng = np.random.default_rng(9)
    index = HammingIndex(256)
    for turn in range(200):
        listed = Listed.random(rng, 256, 20, [31], clustered=False, first=turn * 20)
        index.add(*listed.all)
        if turn:
            index.remove(listed.numbers - 20)
    index.settle()
    assert len(index) == 20
    assert index._groups[3]._state.rows.count <= 20 + 24 + 1, "removed rows are kept"
    assert as_set(index.search(listed.hashes)) == listed.compared(listed.hashes)


@given(st.integers(0, 90), st.integers(1, 32))
def test_flips_find_every_row_in_reach_and_none_is_spared(reach: int, bands: int) -> None:
    """The pigeonhole: rows farther apart than each band's flips by one are farther than the reach by one at least."""
    assert sum(flips + 1 for flips in Plan(256, bands, 8).flips(reach)) == reach + 1


def test_the_plan_is_the_one_that_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert best_plan(256, 10_000_000, 31) == Plan(256, 11, 23)
    assert best_plan(256, 1_000_000, 60) is None, "comparing all is quicker"
    assert best_plan(64, 10_000_000, 0) == Plan(64, 1, 24), "digests need one band"


def test_digests_by_their_beginning() -> None:
    rng = np.random.default_rng(10)
    digests = [rng.bytes(length) for length in (32, 20, 16) for _ in range(100)]
    index = DigestIndex()
    index.add(digests, np.arange(300))
    hits = index.search([digests[5], rng.bytes(32), digests[250]])
    assert as_set(hits) == {(0, 5, 0), (2, 250, 0)}
    assert index.remove(np.array([5])) == 1
    assert not len(index.search([digests[5]]))
    assert len(index) == 299


def test_compiles_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = compiling.njit

    def read_only(*, cache: bool = False, **options: bool) -> Callable[[Callable[[int], int]], Callable[[int], int]]:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return partial(njit, **options)

    monkeypatch.setattr(compiling, "njit", read_only)

    def doubled(number: int) -> int:
        return number * 2

    assert compiling.compiled(doubled)(21) == 42
