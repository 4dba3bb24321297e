"""Seats of those who wait for news: so many of a process, and so many of an account."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from services.gateway.problems import Problem


class Seats:
    """`refusal`: the code of the problem for an account that has all of its own."""

    def __init__(self, most: int, most_of_one: int, refusal: str) -> None:
        self._most, self._most_of_one, self._refusal = most, most_of_one, refusal
        self._of: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        return self._of.total()

    def check(self, login: str) -> None:
        """Raises `Problem` 429 or 503 where one more has no room."""
        if self.taken >= self._most:
            raise Problem(503, "too-many-listeners")
        if self._of[login] >= self._most_of_one:
            raise Problem(429, self._refusal, most=self._most_of_one)

    @contextmanager
    def sitting(self, login: str) -> Iterator[bool]:
        """Whether there was room: many may have passed `check` before the first of them was here."""
        self._of[login] += 1
        try:
            yield self._of[login] <= self._most_of_one and self.taken <= self._most
        finally:
            self._of[login] -= 1
            if not self._of[login]:
                del self._of[login]
