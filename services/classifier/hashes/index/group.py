"""Rows with similar thresholds, and the form in which they are searched quickest."""

import threading
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace

import numpy as np
import structlog

from services.classifier.hashes.index.bands import Band, compared, search
from services.classifier.hashes.index.hits import Bits, Numbers, Triples, Words
from services.classifier.hashes.index.plan import BANDED_FROM, Plan, best_plan, worth_it
from services.classifier.hashes.index.rows import REMOVED, Rows

GROWING = 1.4  # bands are planned for so many times the rows there are: they serve until there are twice as many
LATER = 1.5  # times as many rows, and whether bands are worth it by now is asked again
MOSTLY = 0.25  # of the rows removed: the rest moves into new arrays

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class State:
    """What one search sees. The first `linked` rows are found by the bands, the others are compared."""

    rows: Rows
    reach: int = -1  # the largest threshold
    removed: int = 0
    plan: Plan | None = None
    bands: tuple[Band, ...] = ()
    linked: int = 0

    def search(self, queries: Words) -> list[Triples]:
        if self.plan is None or not worth_it(self.plan, self.linked, self.reach):
            return list(compared(queries, self.rows, 0))
        banded = replace(self.rows, count=self.linked)
        found, given_up = search(self.bands, self.plan, queries, banded, self.reach)
        found.extend(compared(queries, self.rows, self.linked))
        if len(given_up):
            for triples in compared(queries[given_up], banded, 0):
                triples[:, 0] = given_up[triples[:, 0]]
                found.append(triples)
        return found

    def linking(self) -> "State":
        """With all rows in the bands, as far as there is room."""
        end = min([self.rows.count, *(len(band.following) for band in self.bands)]) if self.bands else 0
        for band in self.bands:
            band.link(self.rows, self.linked, end)
        return replace(self, linked=end)

    def serves(self, number: int, plan: Plan) -> bool:
        band = self.bands[number]
        return band.width == plan.width and len(band.following) >= self.rows.count * LATER

    def with_band(self, number: int, band: Band, linked: int) -> "State":
        """With this band, which has the first `linked` rows already, in place of its predecessor."""
        band.link(self.rows, linked, self.linked)
        return replace(self, bands=(*self.bands[:number], band, *self.bands[number + 1 :]))


class Group:
    """Every method but `search` and `settle` is called with `writing` held."""

    def __init__(self, bits: int, rows: Rows, writing: threading.Lock, background: Executor) -> None:
        self._bits, self._writing, self._background = bits, writing, background
        self._state = State(rows, int(rows.thresholds[: rows.count].max(initial=-1)))
        self._largest = int(rows.numbers[: rows.count].max(initial=-1))
        self._next_look = BANDED_FROM
        self._renewing: Future[None] | None = None

    def __len__(self) -> int:
        return self._state.rows.count - self._state.removed

    def search(self, queries: Words) -> tuple[list[Triples], Numbers]:
        state = self._state
        return state.search(queries), state.rows.numbers

    def add(self, hashes: Words, thresholds: Bits, numbers: Numbers) -> None:
        rows = self._state.rows.appended(hashes, thresholds, numbers)
        reach = max(self._state.reach, int(thresholds.max()))
        self._state = replace(self._state, rows=rows, reach=reach).linking()
        self._largest = max(self._largest, int(numbers.max()))
        self._renew_when_due()

    def places(self, numbers: Numbers) -> Numbers:
        """Where those of `numbers` (sorted, not none) stand."""
        if numbers[0] > self._largest:
            return np.empty(0, np.int64)
        return self._state.rows.places(numbers)

    def remove(self, places: Numbers) -> None:
        self._state.rows.thresholds[places] = REMOVED
        self._state = replace(self._state, removed=self._state.removed + len(places))
        self._renew_when_due()

    def living(self) -> tuple[Rows, Numbers, Bits]:
        """The rows, where those stand that were not removed, and their thresholds."""
        rows = self._state.rows
        places = rows.living()
        return rows, places, rows.thresholds[places]

    def settle(self) -> None:
        """Return when the bands are those that are best now. They are made by the one thread that makes bands."""
        self._background.submit(self._renew_or_say).result()

    def _renew_when_due(self) -> None:
        state, busy = self._state, self._renewing is not None and not self._renewing.done()
        if not busy and (state.rows.count >= self._next_look or _mostly_removed(state)):
            self._next_look = int(state.rows.count * LATER)
            self._renewing = self._background.submit(self._renew_or_say)

    def _renew_or_say(self) -> None:
        try:
            self._renew()
        except Exception as error:  # the rows are found without new bands too, only more slowly
            _log.warning("bands could not be made", rows=self._state.rows.count, error=repr(error))

    def _plan(self, state: State) -> Plan | None:
        return best_plan(self._bits, int((state.rows.count - state.removed) * GROWING), state.reach, state.plan)

    def _renew(self) -> None:
        """The bands that are best for the rows of now, made without holding anybody up."""
        if _mostly_removed(self._state):
            self._compact()
        plan = self._plan(self._state)
        if plan is None or self._state.plan is None or plan.bands != self._state.plan.bands:
            self._make(plan)
        else:
            self._remake(plan)
        with self._writing:
            self._state = self._state.linking()

    def _make(self, plan: Plan | None) -> None:
        rows = self._state.rows
        bands = tuple(Band.of(rows, plan.first(band), plan.width) for band in range(plan.bands)) if plan else ()
        with self._writing:
            self._state = replace(self._state, plan=plan, bands=bands, linked=rows.count if bands else 0)

    def _remake(self, plan: Plan) -> None:
        """One band after the other, so that only one is there twice. They may differ in width meanwhile."""
        for number in range(plan.bands):
            if not self._state.serves(number, plan):
                self._remake_band(number, plan)
        with self._writing:
            self._state = replace(self._state, plan=plan)

    def _remake_band(self, number: int, plan: Plan) -> None:
        rows = replace(self._state.rows, count=self._state.linked)
        band = Band.of(rows, plan.first(number), plan.width)
        with self._writing:
            self._state = self._state.with_band(number, band, rows.count)

    def _compact(self) -> None:
        """Without the removed rows. Until there are bands again, the others are compared."""
        before = self._state.rows
        kept = before.living()
        rows = before.only(kept)
        with self._writing:
            now = self._state
            rows.thresholds[: rows.count] = now.rows.thresholds[kept]  # some were removed meanwhile
            gone = before.count - rows.count
            rows = rows.appended(*now.rows.after(before.count))
            self._state = State(rows, now.reach, now.removed - gone)


def _mostly_removed(state: State) -> bool:
    return state.removed > max(BANDED_FROM, state.rows.count * MOSTLY)
