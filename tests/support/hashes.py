"""Hashes for tests of the hash index, and brute force to compare it with."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.hashes.index.hits import Words


def random_hashes(rng: np.random.Generator, count: int, bits: int) -> Words:
    return rng.integers(0, 2**64, (count, bits // 64), np.uint64, endpoint=False)


def flipped(rng: np.random.Generator, hash_: Words, count: int) -> Words:
    """The hash with so many other bits."""
    result = hash_.copy()
    for bit in rng.choice(len(hash_) * 64, count, replace=False).tolist():
        result[bit // 64] ^= np.uint64(1 << (bit % 64))
    return result


@dataclass(frozen=True)
class Listed:
    hashes: Words
    thresholds: NDArray[np.int64]
    numbers: NDArray[np.int64]

    @classmethod
    def random(
        cls, rng: np.random.Generator, bits: int, rows: int, within: list[int], clustered: bool, first: int = 0
    ) -> Self:
        """`clustered`: around a few centres, and with bits that are mostly the same, as hashes of pictures are."""
        hashes = random_hashes(rng, rows, bits)
        if clustered:
            centres = random_hashes(rng, max(rows // 20, 1), bits)
            rare = random_hashes(rng, rows, bits) & random_hashes(rng, rows, bits) & random_hashes(rng, rows, bits)
            hashes = centres[rng.integers(0, len(centres), rows)] ^ (hashes & rare)
        return cls(hashes, rng.choice(within, rows), first + rng.permutation(rows).astype(np.int64))

    @classmethod
    def around(cls, rng: np.random.Generator, base: Words, rows: int, threshold: int) -> Self:
        """Each a few bits from `base`."""
        hashes = np.array([flipped(rng, base, int(rng.integers(0, 12))) for _ in range(rows)])
        return cls(hashes, np.full(rows, threshold), np.arange(rows) + 1_000_000)

    @property
    def all(self) -> tuple[Words, NDArray[np.int64], NDArray[np.int64]]:
        return self.hashes, self.thresholds, self.numbers

    def at(self, places: NDArray[np.intp]) -> tuple[Words, NDArray[np.int64], NDArray[np.int64]]:
        return self.hashes[places], self.thresholds[places], self.numbers[places]

    def without(self, numbers: NDArray[np.int64]) -> "Listed":
        return Listed(*self.at(np.flatnonzero(~np.isin(self.numbers, numbers))))

    def with_more(self, other: "Listed") -> "Listed":
        pairs = zip(self.all, other.all, strict=True)
        return Listed(*(np.concatenate(pair) for pair in pairs))

    def compared(self, queries: Words) -> set[tuple[int, int, int]]:
        """Query, number and distance of all that agree."""
        found = set()
        for place, query in enumerate(queries):
            apart = np.bitwise_count(self.hashes ^ query).sum(axis=1, dtype=np.int64)
            for row in np.flatnonzero(apart <= self.thresholds):
                found.add((place, int(self.numbers[row]), int(apart[row])))
        return found
