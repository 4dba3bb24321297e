"""Rows by the values of their bands: a table of values a band, each leading to a chain of rows.

Chains rather than sorted lists: a new row goes in front of eleven chains in a microsecond, nothing is ever sorted or
merged, and while chains are short both take the same three looks at memory a candidate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.classifier.hashes.index import kernels
from services.classifier.hashes.index.hits import Triples, Words
from services.classifier.hashes.index.plan import CANDIDATE, COMPARISON, Plan, masks
from services.classifier.hashes.index.rows import Rows

HITS_AT_ONCE = 4096
GROWTH = 2  # rows of which there is room, times those at the beginning: beyond, other bands would be quicker


@dataclass(frozen=True)
class Bands:
    plan: Plan
    heads: NDArray[np.uint32]  # bands × values: the newest row of each
    following: NDArray[np.uint32]  # bands × room: the row after each in its chain

    @classmethod
    def of(cls, rows: Rows, plan: Plan) -> Self:
        heads = np.full((plan.bands, 1 << plan.width), kernels.END, np.uint32)
        bands = cls(plan, heads, np.empty((plan.bands, rows.count * GROWTH), np.uint32))
        bands.link(rows, 0, rows.count)
        return bands

    @property
    def room(self) -> int:
        """How many rows can be linked in all."""
        return int(self.following.shape[1])

    def link(self, rows: Rows, first: int, end: int) -> None:
        """From now on the rows `first` … `end` - 1 are found."""
        kernels.link(rows.hashes, first, end, self.plan.width, self.heads, self.following)

    def search(self, queries: Words, rows: Rows, reach: int) -> tuple[list[Triples], NDArray[np.intp]]:
        """Those of the first `rows.count` rows within their thresholds, none of which is above `reach`; and the
        queries that were given up, because so many rows share their values that comparing all is quicker."""
        most = int(rows.count * COMPARISON / CANDIDATE)
        given_up = np.zeros(len(queries), np.bool_)
        found = list(self._probed(queries, rows, reach, max(most, kernels.BLOCK), given_up))
        return found, np.flatnonzero(given_up)

    def _probed(
        self, queries: Words, rows: Rows, reach: int, most: int, given_up: NDArray[np.bool_]
    ) -> Iterator[Triples]:
        flips = np.array(self.plan.flips(reach), np.int64)
        values, counts = masks(self.plan.width, int(flips.max()))
        start, room = 0, HITS_AT_ONCE
        while start < len(queries):
            out = np.empty((room, 3), np.int64)
            count, start = kernels.probe(
                queries, start, rows.hashes, rows.thresholds, rows.count, reach, self.heads, self.following,
                self.plan.width, values, counts, flips, most, given_up, out,
            )  # fmt: skip
            yield out[:count]
            room *= 2


def compared(queries: Words, rows: Rows, first: int) -> Iterator[Triples]:
    """The rows from `first` on within their thresholds, found without bands."""
    resume, room = 0, HITS_AT_ONCE
    while first < rows.count:
        out = np.empty((room, 3), np.int64)
        count, first, resume = kernels.compare(queries, rows.hashes, rows.thresholds, first, rows.count, resume, out)
        yield out[:count]
        room *= 2
