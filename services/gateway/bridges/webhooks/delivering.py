"""Delivers: looks for webhooks that have something to do, and works through each on its own."""

import asyncio
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from uuid import UUID

import structlog

from services.gateway.bridges.webhooks import counting, leasing
from services.gateway.bridges.webhooks.calling import call
from services.gateway.bridges.webhooks.jobs import Done, Job, broke, next_job, settle
from services.gateway.people.sealing import Seal
from shared.database import Database
from shared.failures import Transient
from shared.handling import Context
from shared.net.calling import Caller

log = structlog.get_logger(__name__)

LOOK_S = 0.5
AT_ONCE = 50  # webhooks of a process: each takes a slot for as long as its receiver takes, none takes a connection
OVER = 2  # connections to the database at most, for all of them: pages need the others
TURN_S = 30.0  # of a webhook that always has something; then those that wait come first
COUNT_S = 15.0
END_S = 3.0  # less than a service has to stop; a receiver that is well has answered by then


@dataclass(frozen=True)
class Sender:
    """What delivering needs beside a database."""

    caller: Caller
    seal: Seal
    origin: str
    dice: Random


class Deliveries:
    """`run` delivers until the service stops."""

    def __init__(self, database: Database, sender: Sender) -> None:
        self._database, self._sender = database, sender
        self._running: dict[asyncio.Task[None], UUID] = {}
        self._ending, self._connections = False, asyncio.Semaphore(OVER)

    async def run(self, context: Context) -> None:
        counted_at: float | None = None
        try:
            while not context.stopping():
                try:
                    await self.look()
                    now = context.clock.monotonic()
                    if counted_at is None or now - counted_at >= COUNT_S:
                        counted_at = now
                        await counting.count(context)
                except Transient as failure:
                    log.warning("webhooks have to wait", reason=str(failure))
                await context.clock.sleep(LOOK_S)
        finally:
            await self.end()

    async def look(self) -> int:
        """Begin with what is due, as far as there is room; how many."""
        free = AT_ONCE - len(self._running)
        if free <= 0:
            return 0
        async with self._database.transaction() as tx:
            due = await leasing.take(tx, free)
        for webhook_id, lease in due:
            task = asyncio.create_task(self._deliver(webhook_id, lease), name=f"webhook {webhook_id}")
            self._running[task] = lease
            task.add_done_callback(self._ended)
        return len(due)

    async def idle(self) -> None:
        """Until what was begun is done."""
        while self._running:
            await asyncio.wait(self._running)

    async def end(self) -> None:
        """What is under way may be answered; after that it was not taken, as far as we know, and comes again."""
        self._ending, leases = True, list(self._running.values())
        if self._running:
            await asyncio.wait(self._running, timeout=END_S)
        for task in self._running:
            task.cancel()
        await self.idle()
        if leases:
            with suppress(Transient):  # they end by themselves
                async with self._database.transaction() as tx:
                    await leasing.release(tx, leases)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and (failure := task.exception()):
            level = log.warning if isinstance(failure, Transient) else log.error
            level("a webhook waits until its lease is over", task=task.get_name(), reason=type(failure).__name__)

    async def _deliver(self, webhook_id: UUID, lease: UUID) -> None:
        """One call after another, each with a transaction before it that also keeps what came of the last."""
        clock, sender = self._database.clock, self._sender
        until, began = clock.monotonic() + TURN_S, clock.now()
        done: Done | None = None
        job: Job | None = None
        try:
            while job := await self._turn(webhook_id, lease, done, last=self._ending or clock.monotonic() >= until):
                began, started = clock.now(), clock.monotonic()
                judged = await call(sender.caller, job, sender.origin, began)
                done = Done(job, judged, began, clock.monotonic() - started)
        except Transient:
            raise
        except Exception as failure:
            _name(webhook_id, failure)
            await self._broke(webhook_id, lease, job, began)

    async def _broke(self, webhook_id: UUID, lease: UUID, job: Job | None, began: datetime) -> None:
        async with self._connections, self._database.transaction() as tx:
            row = await leasing.held(tx, webhook_id, lease)
            if row is not None:
                await broke(tx, row, job, began, self._sender.dice)
                row.lease = row.leased_until = None

    async def _turn(self, webhook_id: UUID, lease: UUID, done: Done | None, *, last: bool) -> Job | None:
        """The next call; None when there is none, the turn is over, or another process has the webhook by now."""
        async with self._connections, self._database.transaction() as tx:
            row = await leasing.held(tx, webhook_id, lease)
            if row is None:
                return None
            if done is not None:
                await settle(tx, row, done, self._sender.dice)
            job = None if last else await next_job(tx, row, self._sender.seal)
            if job is None:
                row.lease = row.leased_until = None
            return job


def _name(webhook_id: UUID, failure: Exception) -> None:
    """To the operator: of which kind and where, without its text, in which an address may stand."""
    kind, frames = type(failure), traceback.extract_tb(failure.__traceback__)[-3:]
    log.error(
        "a webhook failed by an error of ours",
        webhook=str(webhook_id),
        kind=f"{kind.__module__}.{kind.__qualname__}",
        where=" > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames),
    )
