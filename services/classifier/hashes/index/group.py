"""Rows with similar thresholds, and the form in which they are searched quickest."""

import threading
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace

import numpy as np
import structlog

from services.classifier.hashes.index.bands import Bands, compared
from services.classifier.hashes.index.hits import Bits, Numbers, Triples, Words
from services.classifier.hashes.index.plan import BANDED_FROM, Plan, best_plan, worth_it
from services.classifier.hashes.index.rows import REMOVED, Rows

GROWING = 1.4  # bands are planned for so many times the rows there are: they serve until there are twice as many
LATER = 1.5  # times as many rows, and whether bands are worth it by now is asked again
MOSTLY = 0.25  # of the rows removed: the rest moves into new arrays

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class State:
    """What one search sees. `linked`: how many of the rows are found by the bands, the others are compared."""

    rows: Rows
    reach: int = -1  # the largest threshold
    removed: int = 0
    bands: Bands | None = None
    linked: int = 0

    def search(self, queries: Words) -> list[Triples]:
        if self.bands is None or not worth_it(self.bands.plan, self.linked, self.reach):
            return list(compared(queries, self.rows, 0))
        banded = replace(self.rows, count=self.linked)
        found, given_up = self.bands.search(queries, banded, self.reach)
        found.extend(compared(queries, self.rows, self.linked))
        if len(given_up):
            for triples in compared(queries[given_up], banded, 0):
                triples[:, 0] = given_up[triples[:, 0]]
                found.append(triples)
        return found

    def linking(self, rows: Rows, reach: int) -> "State":
        """With more rows, in bands as far as there is room."""
        linked = 0
        if self.bands is not None:
            linked = min(rows.count, self.bands.room)
            self.bands.link(rows, self.linked, linked)
        return replace(self, rows=rows, reach=reach, linked=linked)


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
        self._state = self._state.linking(rows, max(self._state.reach, int(thresholds.max())))
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
        """Called by the writer: wait for the bands that are being made, and make those that are best now."""
        if self._renewing is not None:
            self._renewing.result()
        state = self._state
        plan = self._plan(state.rows.count - state.removed, state.reach)
        if plan != (state.bands and state.bands.plan) or state.linked < (state.rows.count if plan else 0):
            self._renew()

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

    def _plan(self, rows: int, reach: int) -> Plan | None:
        return best_plan(self._bits, int(rows * GROWING), reach)

    def _renew(self) -> None:
        """Bands for the rows of now, made without holding anybody up; what came meanwhile is added in the end."""
        before = self._state
        compacting = _mostly_removed(before)
        kept = before.rows.living() if compacting else np.empty(0, np.int64)
        rows = before.rows.only(kept) if compacting else before.rows
        plan = self._plan(rows.count, before.reach)
        bands = Bands.of(rows, plan) if plan is not None else None
        with self._writing:
            now, made = self._state, rows.count
            if compacting:
                rows.thresholds[:made] = now.rows.thresholds[kept]  # some were removed meanwhile
                rows = rows.appended(*now.rows.after(before.rows.count))
            else:
                rows = now.rows
            gone = before.rows.count - made
            fresh = State(rows, now.reach, now.removed - gone, bands, made)
            self._state = fresh.linking(rows, now.reach)


def _mostly_removed(state: State) -> bool:
    return state.removed > max(BANDED_FROM, state.rows.count * MOSTLY)
