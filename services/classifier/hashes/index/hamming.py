"""The index of hashes that agree when few of their bits differ."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.hashes.index import files
from services.classifier.hashes.index.group import Group
from services.classifier.hashes.index.hits import Hits, Numbers, Words
from services.classifier.hashes.index.rows import Rows
from services.classifier.hashes.index.spreading import spread

SIZES = (64, 256)
# Rows are grouped by threshold, each group up to one of these: it is searched as far as its farthest row.
REACHES = (0, 7, 15, 31, 47)
MOST_ROWS = 2**31  # places are 32 bits, and removed rows stay for a while


class HammingIndex:
    """Exact for each row's own threshold. One thread may write while others search; a row answers when `add` returns.

    Searching holds no lock, the interpreter's neither. Bands of many rows are made in a thread beside; until they
    are there, the rows are compared.
    """

    def __init__(self, bits: int, _saved: tuple[Rows, ...] = ()) -> None:
        if bits not in SIZES:
            raise ValueError(f"bits is {bits}; give one of {SIZES}")
        self.bits = bits
        self._writing = threading.Lock()
        self._background = ThreadPoolExecutor(1, "hash-index")
        rows = _saved or tuple(Rows.room(bits // 64, 0) for _ in range(len(REACHES) + 1))
        self._groups = tuple(Group(bits, one, self._writing, self._background) for one in rows)

    def __len__(self) -> int:
        return sum(map(len, self._groups))

    def add(self, hashes: Words, thresholds: NDArray[np.integer], numbers: Numbers) -> None:
        """hashes: n × words; thresholds: differing bits within which a row is found, 0 to `bits`; numbers: not below 0,
        each once. A number that is in the index already is replaced (and may be found twice while it is)."""
        sorted_numbers = self._checked(hashes, thresholds, numbers)
        if not len(numbers):
            return
        spread_out, within = spread(hashes), thresholds.astype(np.int16)
        of_group = np.searchsorted(REACHES, within)
        with self._writing:
            if len(self) + len(numbers) > MOST_ROWS:
                raise ValueError(f"the index has {len(self):,} rows and takes {MOST_ROWS:,}; make a second one")
            replaced = [group.places(sorted_numbers) for group in self._groups]
            for place in np.unique(of_group):
                chosen = of_group == place
                self._groups[place].add(spread_out[chosen], within[chosen], numbers[chosen])
            self._remove(replaced)

    def remove(self, numbers: Numbers) -> int:
        """These are found no more; how many of them there were."""
        if not len(numbers):
            return 0
        with self._writing:
            return self._remove([group.places(np.unique(numbers)) for group in self._groups])

    def search(self, queries: Words) -> Hits:
        """Every row within its threshold of a query (n × words), by query, then by distance."""
        asked = spread(queries)
        found = [group.search(asked) for group in self._groups if len(group)] if len(asked) else []
        return Hits.of([(triples, numbers) for parts, numbers in found for triples in parts])

    def settle(self) -> None:
        """By the writer, after many rows: return when the index has its quickest form."""
        for group in self._groups:
            group.settle()

    def save(self, folder: Path, revision: int) -> None:
        """Write into `folder`, which is made if it is missing; who reads sees the old file or the new one.

        `revision`: the caller's own mark, given back by `load`.
        """
        with self._writing:
            living = [group.living() for group in self._groups]
        files.write(folder, self.bits, revision, living)

    @classmethod
    def load(cls, folder: Path, bits: int) -> tuple[Self, int]:
        """The saved index in its quickest form, and its revision. Raises `IndexUnreadable`: build it anew."""
        rows, revision = files.read(folder, bits, len(REACHES) + 1)
        index = cls(bits, rows)
        index.settle()
        return index, revision

    def _remove(self, places: list[Numbers]) -> int:
        for group, gone in zip(self._groups, places, strict=True):
            if len(gone):
                group.remove(gone)
        return sum(map(len, places))

    def _checked(self, hashes: Words, thresholds: NDArray[np.integer], numbers: Numbers) -> Numbers:
        """The numbers, sorted."""
        rows = len(numbers)
        if hashes.shape != (rows, self.bits // 64) or hashes.dtype != np.uint64:
            raise ValueError(
                f"hashes are {hashes.dtype} of {hashes.shape}; give uint64 of {(rows, self.bits // 64)}, a row a number"
            )
        if thresholds.shape != (rows,) or np.any(thresholds < 0) or np.any(thresholds > self.bits):
            raise ValueError(f"thresholds: give one a row, each of 0 to {self.bits} bits")
        in_order = np.unique(numbers)
        if len(in_order) < rows or np.any(in_order < 0) or numbers.dtype != np.int64:
            raise ValueError("numbers: give each once as int64, none below 0")
        return in_order
