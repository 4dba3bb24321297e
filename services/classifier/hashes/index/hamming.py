"""The index of hashes that agree when few of their bits differ."""

import threading
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.hashes.index.hits import Bits, Hits, Numbers, Words, joined

SIZES = (64, 256)
REMOVED = -1  # a threshold that no distance is within


class HammingIndex:
    """Exact for each row's own threshold. One thread may write while others search; a row answers when `add` returns."""

    def __init__(self, bits: int) -> None:
        if bits not in SIZES:
            raise ValueError(f"bits is {bits}; give one of {SIZES}")
        self.bits = bits
        self._hashes: Words = np.empty((0, bits // 64), np.uint64)
        self._thresholds: Bits = np.empty(0, np.int16)
        self._numbers: Numbers = np.empty(0, np.int64)
        self._writing = threading.Lock()

    def __len__(self) -> int:
        """Rows that can be found."""
        return int((self._thresholds >= 0).sum())

    def add(self, hashes: Words, thresholds: NDArray[np.integer], numbers: Numbers) -> None:
        """hashes: n × words; thresholds: differing bits within which a row is found, 0 to `bits`; numbers: not negative,
        each once. A number that is in the index already is replaced."""
        with self._writing:
            self._remove(numbers)
            self._hashes = np.concatenate([self._hashes, hashes])
            self._thresholds = np.concatenate([self._thresholds, thresholds.astype(np.int16)])
            self._numbers = np.concatenate([self._numbers, numbers])

    def remove(self, numbers: Numbers) -> int:
        """These are found no more; how many of them were there."""
        with self._writing:
            return self._remove(numbers)

    def _remove(self, numbers: Numbers) -> int:
        gone = np.isin(self._numbers, numbers) & (self._thresholds != REMOVED)
        self._thresholds[gone] = REMOVED
        return int(gone.sum())

    def search(self, queries: Words) -> Hits:
        """Every row within its threshold of a query (n × words), by query, then by distance."""
        hashes, thresholds, numbers = self._hashes, self._thresholds, self._numbers
        rows = min(len(hashes), len(thresholds), len(numbers))
        found = []
        for place, query in enumerate(queries):
            apart = np.bitwise_count(hashes[:rows] ^ query).sum(axis=1, dtype=np.int16)
            near = np.nonzero(apart <= thresholds[:rows])[0]
            found.append(Hits(np.full(len(near), place), numbers[near], apart[near]))
        return joined(found)

    def settle(self) -> None:
        """After many rows: wait until the index is in its fastest form."""

    def save(self, folder: Path, revision: int) -> None:
        """Write into `folder` (made if missing), atomically. `revision`: the caller's own mark, given back by `load`."""
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path, bits: int) -> tuple[Self, int]:
        """The saved index and its revision. Raises `IndexUnreadable`: build it anew."""
        raise IndexUnreadable(f"{folder} has no index; build it anew from the table")


class IndexUnreadable(Exception):
    """A saved index is missing, broken or of another format. The message says which; it can always be built anew."""
