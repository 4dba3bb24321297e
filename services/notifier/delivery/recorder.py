"""Outcomes are written down together: one transaction for all that came in while the one before was written."""

import asyncio

import structlog

from services.notifier.delivery.outcomes import Done, record
from services.notifier.removal.watching import Rhythm
from shared.clock import Clock
from shared.database import Database
from shared.failures import Transient

log = structlog.get_logger(__name__)

TRIES = 20  # seconds for which a database may be away before an accepted mail would be sent again
TOGETHER = 32  # in one transaction: its locks are held for a fraction of a second


class Recorder:
    def __init__(self, database: Database, clock: Clock, attempts: int, rhythm: Rhythm) -> None:
        self._database, self._clock, self._attempts, self._rhythm = database, clock, attempts, rhythm
        self._waiting: list[tuple[Done, asyncio.Future[None]]] = []
        self._writing = False

    async def record(self, done: Done) -> None:
        """Returns when it is committed."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((done, written))
        if not self._writing:
            await self._write_all()
        await written

    async def _write_all(self) -> None:
        self._writing = True
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                await self._write(batch)
        finally:
            self._writing = False

    async def _write(self, batch: list[tuple[Done, asyncio.Future[None]]]) -> None:
        """What cannot be written down must not take the others with it: then each by itself."""
        try:
            await self._persist([done for done, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                return batch[0][1].set_exception(error)
            for one in batch:
                await self._write([one])
        else:
            for _, written in batch:
                written.set_result(None)

    async def _persist(self, batch: list[Done]) -> None:
        for tries_left in reversed(range(TRIES)):
            try:
                async with self._database.transaction() as tx:
                    return await record(tx, batch, self._attempts, self._rhythm)
            except Transient as failure:
                if not tries_left:
                    raise
                log.warning("what was sent waits to be written down", mails=len(batch), reason=str(failure))
                await self._clock.sleep(1)
