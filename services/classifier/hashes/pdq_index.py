"""Finding the PDQ hashes near a given one, each within the threshold of its own row. Exact: same as comparing with all.

Few rows are compared one by one. Many go into a banded index (multi-index hashing; Norouzi, Punjani and Fleet 2012):
of two hashes that differ in at most 31 of 256 bits, one of the 16 bands of 16 bits differs in at most one bit (of two
that differ in 47, in two), so that looking up each band with so many bits flipped meets every one of them. Rows with
larger thresholds are always compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from services.classifier.hashes.pdq_rows import Hits, Rows, Words, distances, joined

BANDS, BAND_BITS = 16, 16
KEYS = 1 << BAND_BITS
MOST_FLIPS = 2  # with three, a look-up asks for 697 values a band and meets a tenth of all rows
# Fewer rows are compared faster than looked up. Measured: a look-up with one flip takes as long as comparing 7,000
# rows, with two as long as 40,000; this lies between.
BANDED_FROM = 16_384

Keys = NDArray[np.uint16]


def reach(flips: int) -> int:
    """The largest distance that so many flips a band are sure to find: one bit more, and all bands may differ more."""
    return BANDS * (flips + 1) - 1


def masks(flips: int) -> Keys:
    """What to combine a band's value with to get all values that differ in at most `flips` bits."""
    chosen = (bits for count in range(flips + 1) for bits in combinations(range(BAND_BITS), count))
    return np.array([reduce(lambda mask, bit: mask | 1 << bit, bits, 0) for bits in chosen], np.uint16)


@dataclass(frozen=True)
class Banded:
    """Rows whose thresholds are within `reach(flips)`, sorted by the value of each band."""

    rows: Rows
    masks: Keys
    order: NDArray[np.int32]  # BANDS × rows: places of `rows`, sorted by the band's value
    starts: NDArray[np.int64]  # BANDS × (KEYS + 1): where each value begins in `order`

    @classmethod
    def of(cls, rows: Rows, flips: int) -> "Banded":
        bands = rows.hashes.view(np.uint16).reshape(-1, BANDS)
        order = np.empty((BANDS, len(rows)), np.int32)
        starts = np.zeros((BANDS, KEYS + 1), np.int64)
        for band in range(BANDS):
            order[band] = np.argsort(bands[:, band], kind="stable")
            np.cumsum(np.bincount(bands[:, band], minlength=KEYS), out=starts[band, 1:])
        return cls(rows, masks(flips), order, starts)

    def look_up(self, queries: Words) -> Hits:
        return joined([self._look_up(place, query) for place, query in enumerate(queries)])

    def _look_up(self, place: int, query: Words) -> Hits:
        keys = (query.view(np.uint16)[:, None] ^ self.masks[None, :]).astype(np.int64)
        band = np.arange(BANDS)[:, None]
        first, end = self.starts[band, keys], self.starts[band, keys + 1]
        counts = (end - first).ravel()
        # The places first … end - 1 of each range, one after the other, within the flattened `order`.
        shift = (first + band * len(self.rows)).ravel() - (np.cumsum(counts) - counts)
        candidates = self.order.ravel()[np.arange(counts.sum()) + np.repeat(shift, counts)]
        apart = distances(self.rows.hashes[candidates], query)
        near = apart <= self.rows.thresholds[candidates]
        found, once = np.unique(candidates[near], return_index=True)
        return Hits(np.full(len(found), place), self.rows.numbers[found], apart[near][once])


@dataclass(frozen=True)
class PdqIndex:
    """All rows. Frozen, so that one thread searches while another prepares the next: `with_rows` makes a new one.

    `banded`: by the number of flips.
    """

    compared: Rows = field(default_factory=Rows)
    banded: dict[int, Banded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.compared) + sum(len(banded.rows) for banded in self.banded.values())

    def with_rows(self, rows: Rows) -> "PdqIndex":
        """Rows are banded when as many wait as are banded already, so that the work a row stays the same."""
        return PdqIndex(self.compared.with_rows(rows), self.banded)._settled(
            {flips: len(banded.rows) for flips, banded in self.banded.items()}
        )

    def settled(self) -> "PdqIndex":
        """All that can be banded is, if it is enough to be worth it."""
        return self._settled({})

    def _settled(self, patience: dict[int, int]) -> "PdqIndex":
        compared, banded = self.compared, dict(self.banded)
        for flips in range(1, MOST_FLIPS + 1):
            waiting = (compared.thresholds <= reach(flips)) & (compared.thresholds > _narrower(flips))
            rows = compared.where(waiting)
            had = banded[flips].rows if flips in banded else Rows()
            if len(rows) > patience.get(flips, 0) and len(rows) + len(had) > BANDED_FROM:
                banded[flips] = Banded.of(had.with_rows(rows), flips)
                compared = compared.where(~waiting)
        return PdqIndex(compared, banded)

    def search(self, queries: Words) -> Hits:
        """Every row within its threshold of a query."""
        return joined([self.compared.compare(queries), *(banded.look_up(queries) for banded in self._parts())])

    def _parts(self) -> Sequence[Banded]:
        return tuple(self.banded.values())


def _narrower(flips: int) -> int:
    return reach(flips - 1) if flips > 1 else -1
