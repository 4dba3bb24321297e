"""Finding the PDQ hashes near a given one, each within the threshold of its own row. Exact: same as comparing with all.

Rows that are matched within 31 bits go, once there are many, into a banded index (multi-index hashing, Norouzi, Punjani
and Fleet 2012): of two hashes that differ in at most 31 of 256 bits, one of the 16 bands of 16 bits differs in at most
one bit, so that looking up each band and its 16 neighbours meets every one of them. All other rows are compared.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]  # n × 4: the 256 bits of a hash
Ints = NDArray[np.int64]

BANDS = 16
KEYS = 1 << 16
NEAR = 2 * BANDS - 1  # the largest distance that one flip a band is sure to find
# Fewer rows are compared faster than looked up: measured, a look-up costs as much as comparing some 20,000 rows.
BANDED_FROM = 32_768
PAIRS_AT_ONCE = 1 << 20  # compared hash pairs held in memory: 32 MB of differences

_FLIPS = np.array([0, *(1 << bit for bit in range(16))], np.uint16)


def words(hashes: bytes) -> Words:
    """Hashes of 32 bytes each, one after the other."""
    return np.frombuffer(hashes, np.uint64).reshape(-1, 4)


def distances(left: Words, right: Words) -> Ints:
    """Differing bits of hashes that broadcast against one another, over the last axis."""
    differing: Ints = np.bitwise_count(left ^ right).sum(axis=-1, dtype=np.int64)
    return differing


@dataclass(frozen=True)
class Hits:
    """Agreements: the query's place, the row's number, and the differing bits."""

    query: Ints
    row: Ints
    distance: Ints


@dataclass(frozen=True)
class Rows:
    """Hashes with their thresholds and the numbers by which hits name them."""

    hashes: Words = field(default_factory=lambda: np.empty((0, 4), np.uint64))
    thresholds: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    numbers: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.numbers)

    def with_rows(self, other: Self) -> "Rows":
        return Rows(
            np.concatenate([self.hashes, other.hashes]),
            np.concatenate([self.thresholds, other.thresholds]),
            np.concatenate([self.numbers, other.numbers]),
        )

    def where(self, chosen: NDArray[np.bool_]) -> "Rows":
        return Rows(self.hashes[chosen], self.thresholds[chosen], self.numbers[chosen])

    def compare(self, queries: Words) -> Hits:
        """With every row."""
        few = max(PAIRS_AT_ONCE // max(len(queries), 1), 1)
        parts = [self._compare(queries, start, start + few) for start in range(0, len(self), few)]
        return joined(parts)

    def _compare(self, queries: Words, start: int, end: int) -> Hits:
        apart = distances(queries[:, None, :], self.hashes[None, start:end, :])
        query, row = np.nonzero(apart <= self.thresholds[None, start:end])
        return Hits(query, self.numbers[start + row], apart[query, row])


@dataclass(frozen=True)
class Banded:
    """Rows whose thresholds are at most `NEAR`, sorted by the value of each band."""

    rows: Rows
    order: NDArray[np.int32]  # BANDS × rows: places of `rows`, sorted by the band's value
    starts: Ints  # BANDS × (KEYS + 1): where each value begins in `order`

    @classmethod
    def of(cls, rows: Rows) -> Self:
        bands = rows.hashes.view(np.uint16).reshape(-1, BANDS)
        order = np.empty((BANDS, len(rows)), np.int32)
        starts = np.zeros((BANDS, KEYS + 1), np.int64)
        for band in range(BANDS):
            order[band] = np.argsort(bands[:, band], kind="stable")
            np.cumsum(np.bincount(bands[:, band], minlength=KEYS), out=starts[band, 1:])
        return cls(rows, order, starts)

    def look_up(self, queries: Words) -> Hits:
        return joined([self._look_up(place, query) for place, query in enumerate(queries)])

    def _look_up(self, place: int, query: Words) -> Hits:
        keys = query.view(np.uint16)[:, None] ^ _FLIPS[None, :]
        band = np.arange(BANDS)[:, None]
        first, end = self.starts[band, keys].ravel(), self.starts[band, keys.astype(np.int64) + 1].ravel()
        counts = end - first
        # The places first[i] … end[i] - 1 of each range, one after the other, within the flattened `order`.
        shift = first - (np.cumsum(counts) - counts) + np.repeat(np.arange(BANDS), len(_FLIPS)) * len(self.rows)
        candidates = self.order.ravel()[np.arange(counts.sum()) + np.repeat(shift, counts)]
        apart = distances(self.rows.hashes[candidates], query)
        near = apart <= self.rows.thresholds[candidates]
        found, once = np.unique(candidates[near], return_index=True)
        return Hits(np.full(len(found), place), self.rows.numbers[found], apart[near][once])


@dataclass(frozen=True)
class PdqIndex:
    """All rows. Frozen, so that one thread searches while another prepares the next: `with_rows` makes a new one."""

    compared: Rows = field(default_factory=Rows)
    banded: Banded | None = None

    def __len__(self) -> int:
        return len(self.compared) + (len(self.banded.rows) if self.banded else 0)

    def with_rows(self, rows: Rows) -> "PdqIndex":
        """Banded again whenever the rows to compare outgrow the banded ones: the work a row stays the same."""
        grown = PdqIndex(self.compared.with_rows(rows), self.banded)
        near = int((grown.compared.thresholds <= NEAR).sum())
        return grown.settled() if near > max(BANDED_FROM, len(self.banded.rows) if self.banded else 0) else grown

    def settled(self) -> "PdqIndex":
        """All that can be banded is, if it is enough to be worth it."""
        near = self.compared.thresholds <= NEAR
        rows = self.compared.where(near)
        if self.banded:
            rows = self.banded.rows.with_rows(rows)
        return PdqIndex(self.compared.where(~near), Banded.of(rows)) if len(rows) > BANDED_FROM else self

    def search(self, queries: Words) -> Hits:
        """Every row within its threshold of a query."""
        compared = self.compared.compare(queries)
        return joined([compared, self.banded.look_up(queries)]) if self.banded else compared


def joined(parts: list[Hits]) -> Hits:
    if len(parts) == 1:
        return parts[0]
    return Hits(
        *(
            np.concatenate([np.empty(0, np.int64), *(getattr(part, name) for part in parts)])
            for name in ("query", "row", "distance")
        )
    )
