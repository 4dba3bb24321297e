"""Wakes who waits for the feed: one look a process, however many wait, and none while nobody does.

Nothing is handed out here. Who is woken reads what follows its own place, as fast as it can send: a slow reader holds
back itself alone, and no event is buffered for it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog

from services.gateway.bridges import feed
from services.gateway.seats import Seats
from shared.clock import Clock
from shared.database import Database
from shared.failures import Transient
from shared.supervision import Running, beside

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5
MOST = 200  # readers of a process: each may read a page of the feed when the bell rings, over eight connections
MOST_OF_ONE = 5  # of an account: its program, the one that replaces it, and a few by hand


class Bell:
    """`run` looks while it runs; `task` is that, once `running`. `newest`: the feed's last position at the last
    look."""

    task: Running

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._rung = asyncio.Event()
        self._seats = Seats(MOST, MOST_OF_ONE, "too-many-streams")
        self.newest = 0
        self.ended = False

    @property
    def readers(self) -> int:
        return self._seats.taken

    def check(self, login: str) -> None:
        """Raises `Problem` 429 or 503 when no more can wait."""
        self._seats.check(login)

    @contextmanager
    def reading(self, login: str) -> Iterator[None]:
        """Checks too: many may have passed before the first of them was here."""
        self.check(login)
        with self._seats.sitting(login):
            yield

    async def beyond(self, position: int, within_s: float) -> bool:
        """Whether there is something after the position; waits so long for it, and no longer once the bell ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(within_s, 0.0)):
                while self.newest <= position and not self.ended:
                    await self._rung.wait()
        return self.newest > position

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if self.readers:
                try:
                    await self.look()
                except Transient as failure:
                    log.warning("the feed cannot be read", reason=str(failure))
            await self._clock.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        async with self._database.transaction() as tx:
            newest = (await feed.ends(tx)).newest
        if newest != self.newest:
            self.newest = newest
            self._ring()

    def end(self) -> None:
        """Nobody waits any more: a server that stops waits for its readers."""
        self.ended = True
        self._ring()

    def _ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bell"]:
        async with beside("feed's bell", self.run()) as self.task:
            yield self
