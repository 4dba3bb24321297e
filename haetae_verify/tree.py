"""The Merkle tree of RFC 6962 (2.1), which RFC 9162 (2.1) has unchanged: hashes, roots and proofs. Pure.

A complete subtree is named (level, index): the 2**level leaves from index * 2**level on.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()  # the root of no leaves
Subtree = tuple[int, int]
Span = tuple[int, int]  # leaves from the first to before the second


def leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees that the first `size` leaves are made of, the largest first: all that has to
    be known of them to add the next ones."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError(f"{size} leaves are {size.bit_count()} complete subtrees, not {len(hashes)}")
        self.size, self.hashes = size, list(hashes)

    def add(self, hash: bytes, level: int = 0) -> None:
        """A leaf's hash, or the root of a complete subtree. Raises `ValueError` where none of that level can begin."""
        if self.size & ((1 << level) - 1):
            raise ValueError(f"no subtree of level {level} begins at leaf {self.size}")
        above = self.size >> level
        while above & 1:
            hash = node(self.hashes.pop(), hash)
            above >>= 1
        self.hashes.append(hash)
        self.size += 1 << level

    def root(self) -> bytes:
        return joined(self.hashes) if self.hashes else EMPTY


def joined(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring subtrees, each smaller than the one before."""
    *others, root = hashes
    for left in reversed(others):
        root = node(left, root)
    return root


def subtrees(first: int, end: int) -> Iterator[Subtree]:
    """The fewest complete subtrees that these leaves are made of, from left to right."""
    while first < end:
        level = (end - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        yield level, first >> level
        first += 1 << level


def inclusion(leaf_index: int, size: int) -> list[Span]:
    """The spans whose roots prove that this leaf is one of the first `size` (RFC 6962, 2.1.1), from the leaf up."""
    spans, first, end = list[Span](), 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if leaf_index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first = middle
    return spans[::-1]


def consistency(former: int, size: int) -> list[Span]:
    """The spans whose roots prove that the first `former` leaves of the `size` are as they were (RFC 6962, 2.1.2)."""
    spans, first, end, whole = list[Span](), 0, size, True
    while former < end:
        middle = first + _split(end - first)
        if former <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first, whole = middle, False
    return ([] if whole else [(first, end)]) + spans[::-1]


def root_of(span: Span, known: Callable[[Subtree], bytes]) -> bytes:
    """The root over a span of a proof."""
    return joined([known(subtree) for subtree in subtrees(*span)])


def includes(hash: bytes, leaf_index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that the leaf with this hash is at its place (RFC 9162, 2.1.3.2)."""
    spans = inclusion(leaf_index, size) if 0 <= leaf_index < size else None
    if spans is None or len(spans) != len(path):
        return False
    for (first, _), other in zip(spans, path, strict=True):
        hash = node(hash, other) if first > leaf_index else node(other, hash)
    return hash == root


def continues(former: int, former_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the tree of `size` begins with the one of `former` leaves (RFC 9162, 2.1.4.2)."""
    if not 0 <= former <= size:
        return False
    if former in (0, size):
        return not path and (former_root == (EMPTY if former == 0 else root))
    hashes = list(path) if former & (former - 1) else [former_root, *path]
    spans = consistency(former, size)
    if len(hashes) != len(spans) + (former & (former - 1) == 0):
        return False
    then = now = hashes[0]
    place, last = former - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    for other in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            then, now = node(other, then), node(other, now)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            now = node(now, other)
        place, last = place >> 1, last >> 1
    return (then, now, last) == (former_root, root, 0)


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
