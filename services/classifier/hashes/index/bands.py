"""Rows by the values of their bands: a table of values a band, each leading to a chain of rows.

Chains rather than sorted lists: a new row goes in front of eleven chains in a microsecond, nothing is ever sorted or
merged, and while chains are short both take the same three looks at memory a candidate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.hashes.index import kernels
from services.classifier.hashes.index.hits import Numbers, Triples, Words
from services.classifier.hashes.index.memory import empty
from services.classifier.hashes.index.plan import CANDIDATE, COMPARISON, Plan, masks
from services.classifier.hashes.index.rows import Rows

HITS_AT_ONCE = 4096
GROWTH = 2  # rows of which there is room, times those at the beginning: beyond, wider bands would be quicker


@dataclass(frozen=True)
class Band:
    first: int  # bit
    width: int
    heads: NDArray[np.uint32]  # of each value the newest row
    following: NDArray[np.uint32]  # of each row the one after it in its chain; has room for more rows

    @classmethod
    def of(cls, rows: Rows, first: int, width: int) -> Self:
        heads = empty((1 << width,), np.uint32)
        heads[:] = kernels.END
        band = cls(first, width, heads, empty((rows.count * GROWTH,), np.uint32))
        band.link(rows, 0, rows.count)
        return band

    def link(self, rows: Rows, begin: int, end: int) -> None:
        """From now on the rows `begin` … `end` - 1 are found."""
        kernels.link(rows.hashes, begin, end, self.first, self.width, self.heads, self.following)


def search(
    bands: Sequence[Band], plan: Plan, queries: Words, rows: Rows, reach: int
) -> tuple[list[Triples], NDArray[np.intp]]:
    """Those of the first `rows.count` rows within their thresholds, none of which is above `reach`, each once; and the
    queries that were given up, because so many rows share their values that comparing all is quicker."""
    most = max(int(rows.count * COMPARISON / CANDIDATE), kernels.BLOCK)
    met = np.zeros(len(queries), np.int64)
    shape = np.array([(band.first, band.width, plan.flips(reach)[i]) for i, band in enumerate(bands)], np.int64)
    found = [
        triples
        for number, band in enumerate(bands)
        if shape[number, 2] >= 0
        for triples in _probed(band, number, shape, queries, rows, reach, met, most)
    ]
    given_up = np.flatnonzero(met > most)
    return [triples[met[triples[:, 0]] <= most] for triples in found] if len(given_up) else found, given_up


def _probed(
    band: Band, number: int, shape: Numbers, queries: Words, rows: Rows, reach: int, met: Numbers, most: int
) -> Iterator[Triples]:
    values = masks(band.width, int(shape[number, 2]))
    start, room = 0, HITS_AT_ONCE
    while start < len(queries):
        out = np.empty((room, 3), np.int64)
        count, start = kernels.probe(
            queries, start, rows.hashes, rows.thresholds, rows.count, reach, number, shape, band.heads, band.following,
            values, met, most, out,
        )  # fmt: skip
        if count:
            yield out[:count]
        room *= 2


def compared(queries: Words, rows: Rows, first: int) -> Iterator[Triples]:
    """The rows from `first` on within their thresholds, found without bands."""
    resume, room = 0, HITS_AT_ONCE
    while first < rows.count:
        out = np.empty((room, 3), np.int64)
        count, first, resume = kernels.compare(queries, rows.hashes, rows.thresholds, first, rows.count, resume, out)
        if count:
            yield out[:count]
        room *= 2
