"""Dying on order: at each point where a process may be gone, the world asks whether it is time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa

from shared.bus.memory import MemoryBroker
from shared.bus.port import Record
from shared.database import Database, Transaction
from shared.events import Envelope, Event

# Where in a transaction: before anything, when the handler is through, before COMMIT, after it.
POINTS = ("begun", "handled", "committing", "committed")
Pass = Callable[[str], None]


class Death(BaseException):
    """The process ends here."""


def _lives(_: str) -> None:
    """Nobody dies."""


class MortalDatabase(Database):
    """Calls `passing` with each of `POINTS`; what it raises is a death."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.passing: Pass = _lives
        sa.event.listen(self.engine.sync_engine, "commit", lambda connection: self.passing("committing"))

    @asynccontextmanager
    async def transaction(self, cause: Envelope[Event] | None = None) -> AsyncIterator[Transaction]:
        async with super().transaction(cause) as tx:
            self.passing("begun")
            yield tx
            self.passing("handled")
        self.passing("committed")


class MortalBroker(MemoryBroker):
    """`meanwhile`: what happens while records are on their way. At "produced" they are written, and nobody knows;
    `newest`: which ones."""

    def __init__(self, partitions: int) -> None:
        super().__init__(partitions)
        self.passing: Pass = _lives
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self.newest: Sequence[Record] = ()

    async def produce(self, records: Sequence[Record]) -> None:
        self.passing("producing")
        if self.meanwhile:
            await self.meanwhile()
        await super().produce(records)
        self.newest = records
        self.passing("produced")
