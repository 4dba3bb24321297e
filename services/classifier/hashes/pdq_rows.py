"""PDQ hashes as numpy rows, and comparing them one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]  # n × 4: the 256 bits of a hash
Ints = NDArray[np.int64]
Bits = NDArray[np.uint16]  # 0 to 256: one more than a byte holds

PAIRS_AT_ONCE = 1 << 18  # hash pairs compared in one go: their intermediate 2 MB stay in the processor's cache


def words(hashes: bytes) -> Words:
    """Hashes of 32 bytes each, one after the other."""
    return np.frombuffer(hashes, np.uint64).reshape(-1, 4)


def distances(left: Words, right: Words) -> Bits:
    """Differing bits of hashes that broadcast against one another, all but the last axis.

    Word by word: a sum over an axis of four takes numpy five times as long.
    """
    apart: Bits = np.zeros(np.broadcast_shapes(left.shape, right.shape)[:-1], np.uint16)
    for word in range(4):
        apart += np.bitwise_count(left[..., word] ^ right[..., word])
    return apart


@dataclass(frozen=True)
class Hits:
    """Agreements: the query's place, the row's number, and the differing bits."""

    query: Ints
    row: Ints
    distance: Bits


def joined(parts: Sequence[Hits]) -> Hits:
    return Hits(
        np.concatenate([np.empty(0, np.int64), *(part.query for part in parts)]),
        np.concatenate([np.empty(0, np.int64), *(part.row for part in parts)]),
        np.concatenate([np.empty(0, np.uint16), *(part.distance for part in parts)]),
    )


@dataclass(frozen=True)
class Rows:
    """Hashes with their thresholds and the numbers by which hits name them."""

    hashes: Words = field(default_factory=lambda: np.empty((0, 4), np.uint64))
    thresholds: Bits = field(default_factory=lambda: np.empty(0, np.uint16))
    numbers: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.numbers)

    def with_rows(self, other: "Rows") -> "Rows":
        return Rows(
            np.concatenate([self.hashes, other.hashes]),
            np.concatenate([self.thresholds, other.thresholds]),
            np.concatenate([self.numbers, other.numbers]),
        )

    def where(self, chosen: NDArray[np.bool_]) -> "Rows":
        return Rows(self.hashes[chosen], self.thresholds[chosen], self.numbers[chosen])

    def compare(self, queries: Words) -> Hits:
        """Every row with every query."""
        few = max(PAIRS_AT_ONCE // max(len(queries), 1), 1)
        columns = np.asfortranarray(self.hashes)  # a word of all rows lies together: five times as fast
        return joined([self._compare(queries, columns, start, start + few) for start in range(0, len(self), few)])

    def _compare(self, queries: Words, columns: Words, start: int, end: int) -> Hits:
        apart = distances(queries[:, None, :], columns[None, start:end, :])
        query, row = np.nonzero(apart <= self.thresholds[None, start:end])
        return Hits(query, self.numbers[start + row], apart[query, row])
