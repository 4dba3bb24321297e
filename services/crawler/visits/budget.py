"""What a page in the browser may use up, however many of its requests are made at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


class TooMuch(Exception):
    """The page has used up its requests or bytes."""


@dataclass
class Share:
    """`most`: bytes that one answer may have. `used`: how many it had, to be set by who asks."""

    most: int
    used: int = 0


class Budget:
    """So many requests, with so many bytes in all and in each answer at most."""

    def __init__(self, requests: int, total: int, each: int) -> None:
        self._requests, self._total, self._each = requests, total, each
        self._lent = self._used = self.made = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def share(self) -> AsyncIterator[Share]:
        """For one request; waits while those that are made could use up all that is left. Raises `TooMuch`."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._lent or self._left >= self._each)
            if self.made >= self._requests or self._left <= 0:
                raise TooMuch(f"the page asked for more than {self._requests} requests or {self._total:,} bytes")
            self.made += 1
            share = Share(min(self._each, self._left))
            self._lent += share.most
        try:
            yield share
        finally:
            async with self._changed:
                self._lent -= share.most
                self._used += share.used
                self._changed.notify_all()

    @property
    def _left(self) -> int:
        return self._total - self._used - self._lent
