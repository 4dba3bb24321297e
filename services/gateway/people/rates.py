"""How many requests one holder of a token may make, and one address without: counted in this process's memory.

Several processes allow as many times more: the limit keeps a program that runs wild from starving people, it guards no
secret (guessed passwords are counted in the database, `throttle.py`).
"""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from services.gateway.problems import Problem
from services.gateway.tokens import digest


class Rates:
    """`per_minute` of one token; of one address without a token the same. 0: no limit."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._counts = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, token: str, address: str) -> None:
        """One more request. Raises `Problem` 429 that says when to come again."""
        if self._limit is None:
            return
        who = digest(token) if token else f"address {address}"
        if not self._counts.hit(self._limit, who):
            again = self._counts.get_window_stats(self._limit, who).reset_time - time.time()
            raise Problem(429, "too-many-requests", retry_after=max(1, math.ceil(again)))
