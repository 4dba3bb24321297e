"""What goes into an index and comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]  # n × words: the bits of a hash, 64 a word
Numbers = NDArray[np.int64]
Bits = NDArray[np.int16]  # differing bits, 0 to 256
Triples = NDArray[np.int64]  # n × 3: query, row, distance, as the compiled loops write them


def words(hashes: bytes, bits: int) -> Words:
    """Hashes of `bits` / 8 bytes each, one after the other."""
    return np.frombuffer(hashes, "<u8").reshape(-1, bits // 64)


@dataclass(frozen=True)
class Hits:
    """Agreements: the query's place, the row's number, and the differing bits; by query, then by distance."""

    query: Numbers
    number: Numbers
    distance: Bits

    def __len__(self) -> int:
        return len(self.query)

    @classmethod
    def of(cls, parts: Sequence[tuple[Triples, Numbers]]) -> Self:
        """`parts`: triples, and the numbers by which to name their rows."""
        query = np.concatenate([np.empty(0, np.int64), *(found[:, 0] for found, _ in parts)])
        number = np.concatenate([np.empty(0, np.int64), *(numbers[found[:, 1]] for found, numbers in parts)])
        distance = np.concatenate([np.empty(0, np.int64), *(found[:, 2] for found, _ in parts)])
        order = np.lexsort((number, distance, query))
        return cls(query[order], number[order], distance[order].astype(np.int16))

    def nearest(self, most: int) -> "Hits":
        """Of each query so many at most."""
        kept = np.arange(len(self)) - np.searchsorted(self.query, self.query) < most
        return self if kept.all() else Hits(self.query[kept], self.number[kept], self.distance[kept])
