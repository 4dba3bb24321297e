"""A clock that a test moves by hand, with what was scheduled on it."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Timeline:
    def __init__(self) -> None:
        self.seconds = 1_000.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()

    def now(self) -> float:
        return self.seconds

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        heapq.heappush(self._due, (self.seconds + seconds, next(self._order), do))

    def advance(self, seconds: float) -> None:
        """Let that much time pass, doing what falls due in its order."""
        end = self.seconds + seconds
        while self._due and self._due[0][0] <= end:
            self.seconds, _, do = heapq.heappop(self._due)
            do()
        self.seconds = end
