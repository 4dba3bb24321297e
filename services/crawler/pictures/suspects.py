"""Sites whose media had to be killed lately."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.crawler.pictures.seen import Outcome
from shared.clock import Clock

KILLED = frozenset({Outcome.TIME, Outcome.MEMORY, Outcome.CRASH})
SUSPECT_S = 3600.0
MOST = 10_000  # sites


class Suspects:
    """They are looked at one at a time, so that they leave the other decoders to everybody else: two hostile sites
    could otherwise hold up the media of all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()
        self._one = asyncio.Semaphore(1)

    @asynccontextmanager
    async def turn(self, site: str) -> AsyncIterator[None]:
        """A suspect's turn; everybody else's is at once."""
        if self._until.get(site, 0.0) <= self._clock.monotonic():
            yield
            return
        async with self._one:
            yield

    def note(self, site: str, outcome: Outcome) -> None:
        if outcome in KILLED:
            self._until[site] = self._clock.monotonic() + SUSPECT_S
            self._until.move_to_end(site)
            if len(self._until) > MOST:
                self._until.popitem(last=False)
