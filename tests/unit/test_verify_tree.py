"""The Merkle tree beside an independent program's, for every size that is drawn."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_inclusion

from haetae_verify.tree import (
    EMPTY,
    Frontier,
    consistency,
    continues,
    includes,
    inclusion,
    joined,
    leaf,
    root_of,
    subtrees,
)
from tests.support.histories import Known

MOST = 70  # leaves: past a complete tree of 64


def data(size: int) -> list[bytes]:
    return [b"line %d" % number for number in range(size)]


def tree(size: int) -> Frontier:
    frontier = Frontier()
    for entry in data(size):
        frontier.add(leaf(entry))
    return frontier


def oracle(size: int) -> InmemoryTree:
    made = InmemoryTree(algorithm="sha256")
    for entry in data(size):
        made.append_entry(entry)
    return made


def test_roots_are_those_of_another_program() -> None:
    other = oracle(0)
    frontier = Frontier()
    assert frontier.root() == EMPTY
    for entry in data(MOST):
        other.append_entry(entry)
        frontier.add(leaf(entry))
        assert frontier.root() == other.get_root()


@given(st.integers(1, MOST), st.data())
@settings(max_examples=60)
def test_an_inclusion_proof_proves_one_leaf_at_one_place(size: int, drawn: st.DataObject) -> None:
    place = drawn.draw(st.integers(0, size - 1))
    root = tree(size).root()
    path = [root_of(span, Known()) for span in inclusion(place, size)]
    assert includes(leaf(b"line %d" % place), place, size, path, root)
    assert not includes(leaf(b"another"), place, size, path, root)
    assert not includes(leaf(b"line %d" % place), place, size, [*path, root], root)
    assert not includes(leaf(b"line %d" % place), size, size, path, root)
    for other in range(size):
        if other != place:
            assert not includes(leaf(b"line %d" % place), other, size, path, root)
    theirs = oracle(size).prove_inclusion(place + 1, size)
    verify_inclusion(oracle(size).get_leaf(place + 1), oracle(size).get_root(), theirs)
    assert [root_of(span, Known()) for span in inclusion(place, size)] == theirs.path[1:]


@given(st.integers(1, MOST), st.data())
@settings(max_examples=60)
def test_a_consistency_proof_proves_one_beginning(size: int, drawn: st.DataObject) -> None:
    former = drawn.draw(st.integers(0, size))
    root, before = tree(size).root(), tree(former).root()
    path = [root_of(span, Known()) for span in consistency(former, size)] if former else []
    assert continues(former, before, size, root, path)
    assert not continues(former, leaf(b"another"), size, root, path)
    assert not continues(former, before, size, leaf(b"another"), path) or former == 0
    assert not continues(former, before, size, root, [*path, root])
    if path:
        assert not continues(former, before, size, root, path[:-1])
        assert not continues(former, before, size, root, [leaf(b"x"), *path[1:]])


@given(st.integers(0, MOST), st.integers(0, MOST))
def test_subtrees_cover_a_span_once_and_whole_subtrees_make_the_same_tree(one: int, other: int) -> None:
    first, end = sorted((one, other))
    covered = [n for level, index in subtrees(first, end) for n in range(index << level, (index + 1) << level)]
    assert covered == list(range(first, end))
    frontier = tree(first)
    for level, index in subtrees(first, end):
        frontier.add(Known()((level, index)), level)
    assert frontier.root() == tree(end).root()
    if end:
        assert joined([Known()(subtree) for subtree in subtrees(0, end)]) == tree(end).root()
