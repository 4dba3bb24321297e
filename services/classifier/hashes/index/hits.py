"""What goes into an index and comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]  # n × words: the bits of a hash, 64 a word
Numbers = NDArray[np.int64]
Bits = NDArray[np.int16]  # differing bits, 0 to 256


def words(hashes: bytes, bits: int) -> Words:
    """Hashes of `bits` / 8 bytes each, one after the other."""
    return np.frombuffer(hashes, "<u8").reshape(-1, bits // 64)


@dataclass(frozen=True)
class Hits:
    """Agreements: the query's place, the row's number, and the differing bits."""

    query: Numbers
    number: Numbers
    distance: Bits

    def __len__(self) -> int:
        return len(self.query)


def joined(parts: Sequence[Hits]) -> Hits:
    """By query, then by distance."""
    query = np.concatenate([np.empty(0, np.int64), *(part.query for part in parts)])
    number = np.concatenate([np.empty(0, np.int64), *(part.number for part in parts)])
    distance = np.concatenate([np.empty(0, np.int16), *(part.distance for part in parts)])
    order = np.lexsort((number, distance, query))
    return Hits(query[order], number[order], distance[order])
