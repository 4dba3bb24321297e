"""Rows in arrays that have room behind the last one, so that the newest are written without copying the others."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from services.classifier.hashes.index.hits import Bits, Numbers, Words
from services.classifier.hashes.index.kernels import places
from services.classifier.hashes.index.memory import empty

REMOVED = -1  # a threshold that no distance is within
LEAST = 1024
GROWTH = 1.5  # times the rows there are; the memory behind them is not touched, so the system does not give it yet


@dataclass(frozen=True)
class Rows:
    """The first `count` rows of the arrays. What a search holds stays as it was, but for thresholds of removed rows:
    others come behind it or go into new arrays."""

    hashes: Words
    thresholds: Bits
    numbers: Numbers
    count: int

    @classmethod
    def room(cls, words: int, rows: int) -> Self:
        """No rows, and room for so many."""
        return cls(empty((rows, words), np.uint64), empty((rows,), np.int16), empty((rows,), np.int64), 0)

    def appended(self, hashes: Words, thresholds: Bits, numbers: Numbers) -> "Rows":
        """Only the newest rows may be appended to, by one thread at a time."""
        end = self.count + len(numbers)
        into = self if end <= len(self.numbers) else self._moved(max(LEAST, int(end * GROWTH)))
        into.hashes[self.count : end] = hashes
        into.thresholds[self.count : end] = thresholds
        into.numbers[self.count : end] = numbers
        return Rows(into.hashes, into.thresholds, into.numbers, end)

    def _moved(self, capacity: int) -> "Rows":
        moved = Rows.room(self.hashes.shape[1], capacity)
        moved.hashes[: self.count] = self.hashes[: self.count]
        moved.thresholds[: self.count] = self.thresholds[: self.count]
        moved.numbers[: self.count] = self.numbers[: self.count]
        return Rows(moved.hashes, moved.thresholds, moved.numbers, self.count)

    def places(self, numbers: Numbers) -> Numbers:
        """Where those of `numbers` (sorted, not none) stand that are here and were not removed."""
        found = places(self.numbers, self.count, numbers)
        here: Numbers = found[self.thresholds[found] != REMOVED]
        return here

    def living(self) -> Numbers:
        """Where the rows stand that were not removed."""
        return np.flatnonzero(self.thresholds[: self.count] != REMOVED)

    def only(self, places: Numbers) -> "Rows":
        """A copy of the rows at these places, with some room."""
        empty = Rows.room(self.hashes.shape[1], len(places) + len(places) // 8 + LEAST)
        return empty.appended(self.hashes[places], self.thresholds[places], self.numbers[places])

    def after(self, first: int) -> tuple[Words, Bits, Numbers]:
        """What `appended` takes, of the rows from `first` on."""
        return self.hashes[first : self.count], self.thresholds[first : self.count], self.numbers[first : self.count]
