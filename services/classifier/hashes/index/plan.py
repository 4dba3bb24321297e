"""How many rows are best looked up, or whether to compare them all.

Multi-index hashing (Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012) with the
general pigeonhole: where two hashes differ in at most r bits and band i is searched with up to f_i flips, one band
finds them whenever the sum of f_i + 1 is r + 1. Few wide bands with more flips meet fewer candidates than many narrow
ones: for ten million rows within 31 bits, 11 bands of 23 bits ask for 2,794 values and meet 3,300 rows; 16 bands of
16 bits with one flip ask for 272 and meet 41,500.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

# Measured at ten million rows, where each look at the tables misses the caches (nanoseconds).
PROBE = 10.0
CANDIDATE = 30.0
COMPARISON = 0.4  # a row, of a block that meets dozens of queries

BANDED_FROM = 4096  # fewer rows are compared within two microseconds
WIDTHS = range(8, 27)
KEEPING = 1.25  # times the cost, for which other bands are not made: they need twice the memory until they are there


@dataclass(frozen=True)
class Plan:
    """`bands` runs of `width` bits each; the bits between them are in no band."""

    bits: int
    bands: int
    width: int

    def first(self, band: int) -> int:
        """Its first bit: the same for all widths, so that bands can be widened one after the other."""
        return band * (self.bits // self.bands)

    def flips(self, reach: int) -> tuple[int, ...]:
        """How many bits of each band may differ so that all within `reach` are found; -1: the band is not needed."""
        least, more = divmod(reach + 1, self.bands)
        return tuple(least - 1 + (band < more) for band in range(self.bands))

    def cost(self, rows: int, reach: int) -> float:
        """Nanoseconds a query."""
        probes = sum(_values(self.width, flips) for flips in self.flips(reach))
        return probes * (PROBE + CANDIDATE * rows / (1 << self.width))


def worth_it(plan: Plan, rows: int, reach: int) -> bool:
    return plan.cost(rows, reach) < rows * COMPARISON


def best_plan(bits: int, rows: int, reach: int, like: Plan | None = None) -> Plan | None:
    """The quickest for so many rows, whose thresholds go up to `reach`; None when comparing all is quicker. A band's
    table of values is not made larger than its list of rows. `like`: its number of bands is kept if that costs little.
    """
    if rows < BANDED_FROM:
        return None

    def cost(plan: Plan) -> tuple[float, int]:
        kept = like is not None and plan.bands == like.bands
        return plan.cost(rows, reach) / (KEEPING if kept else 1), plan.bands

    best = min(_possible(bits, rows, reach), key=cost)
    return best if worth_it(best, rows, reach) else None


def _possible(bits: int, rows: int, reach: int) -> Iterator[Plan]:
    for width in WIDTHS:
        for bands in range(1, bits // width + 1):
            plan = Plan(bits, bands, width)
            if 1 << width <= 2 * rows and max(plan.flips(reach)) <= width:
                yield plan


def _values(width: int, flips: int) -> int:
    return sum(comb(width, count) for count in range(flips + 1))


@lru_cache(maxsize=64)
def masks(width: int, flips: int) -> NDArray[np.uint64]:
    """What to combine a value with to get all that differ from it in at most `flips` bits."""
    chosen = (bits for count in range(flips + 1) for bits in combinations(range(width), count))
    return np.array([reduce(lambda mask, bit: mask | 1 << bit, bits, 0) for bits in chosen], np.uint64)
