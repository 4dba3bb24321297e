"""Dying on order: at each point where a process may be gone, the world asks whether it is time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Halt:
    """Whoever comes to the point first stands still there until it may go on."""

    point: str
    came: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)


class MortalDatabase(Database):
    """Calls `passing` with each of `POINTS`; what it raises is a death. `halted`: who is to stand still, and
    is not there yet."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.passing: Pass = _lives
        self.halted: Halt | None = None
        sa.event.listen(self.engine.sync_engine, "commit", lambda connection: self.passing("committing"))

    @asynccontextmanager
    async def transaction(self, cause: Envelope[Event] | None = None) -> AsyncIterator[Transaction]:
        async with super().transaction(cause) as tx:
            await self._pass("begun")
            yield tx
            await self._pass("handled")
        await self._pass("committed")

    def halt(self, point: str) -> Halt:
        """Not at "committing": that is within the driver."""
        self.halted = Halt(point)
        return self.halted

    async def _pass(self, point: str) -> None:
        self.passing(point)
        if (halt := self.halted) and halt.point == point:
            self.halted = None
            halt.came.set()
            await halt.go.wait()


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
