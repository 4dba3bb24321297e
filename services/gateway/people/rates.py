"""How many requests the holder of a token may make, and those behind one address: counted in this process's memory.

Several processes allow as many times more: the limit keeps a program that runs wild from starving people, it guards no
secret (guessed passwords are counted in the database, `throttle.py`).
"""

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from services.gateway.problems import Problem
from services.gateway.tokens import digest

OFFICE = 20  # people behind one address; whoever makes up tokens gets no more than they do together


class Rates:
    """`per_minute` of one token, and `OFFICE` times as many of one address. 0: no limit."""

    def __init__(self, per_minute: int) -> None:
        self._of_token = RateLimitItemPerMinute(per_minute or 1, namespace="token")
        self._of_address = RateLimitItemPerMinute((per_minute or 1) * OFFICE, namespace="address")
        self._counts = SlidingWindowCounterRateLimiter(MemoryStorage()) if per_minute else None

    def count(self, token: str, address: str) -> None:
        """One more request. Raises `Problem` 429 that says when to come again."""
        self._hit(self._of_address, address)
        if token:
            self._hit(self._of_token, digest(token))

    def _hit(self, limit: RateLimitItem, who: str) -> None:
        if self._counts and not self._counts.hit(limit, who):
            again = self._counts.get_window_stats(limit, who).reset_time - time.time()
            raise Problem(429, "too-many-requests", retry_after=max(1, math.ceil(again)))
