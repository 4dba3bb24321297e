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


class MortalDatabase(Database):
    """Calls `passing` with each of `POINTS`; what it raises is a death."""

    passing: Pass = staticmethod(lambda point: None)

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        sa.event.listen(self.engine.sync_engine, "commit", lambda connection: self.passing("committing"))

    @asynccontextmanager
    async def transaction(self, cause: Envelope[Event] | None = None) -> AsyncIterator[Transaction]:
        async with super().transaction(cause) as tx:
            self.passing("begun")
            yield tx
            self.passing("handled")
        self.passing("committed")


class MortalBroker(MemoryBroker):
    """`meanwhile`: what happens while records are on their way. At "produced" they are written, and nobody knows."""

    passing: Pass = staticmethod(lambda point: None)
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def produce(self, records: Sequence[Record]) -> None:
        self.passing("producing")
        if self.meanwhile:
            await self.meanwhile()
        await super().produce(records)
        self.passing("produced")
