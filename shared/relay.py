"""The relay: brings a service's outbox to the broker. What it promises stands in `shared/outbox.py`.

The lock, the reading and the marking are on one connection. When that is lost, the next step fails and this relay is
out; what it was producing then has been or will be produced by its successor in the same order, under the same ids.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.decision import Policy, backoff, describe
from shared.bus.port import Broker, Record
from shared.clock import Clock
from shared.database import Database
from shared.failures import Failure
from shared.inbox import INBOX
from shared.metrics import Metrics
from shared.outbox import OUTBOX

log = structlog.get_logger(__name__)

BATCH = 500
# What other processes of the service commit is found by looking; what this one commits wakes the relay.
LOOK_SECONDS = 0.1
STANDBY_SECONDS = 1.0
FLUSH_SECONDS = 5.0
# A relay asks ten times a second, or waits for the broker (15 s at most). One that is silent for longer stands still:
# its session is ended, and with it its lock, so that another goes on.
SILENT_MS = 30_000
# Kept to answer "what was sent when"; the inbox longer than any topic keeps a record that might come again.
KEEP_PUBLISHED = timedelta(days=7)
KEEP_HANDLED = timedelta(days=30)
HOUSEKEEPING_SECONDS = 3600.0
HOUSEKEEPING_ROWS = 5000

# An advisory lock is known by a number for the whole database: the schema makes it the service's own.
TRY_LOCK = sa.text("SELECT pg_try_advisory_lock(hashtextextended('outbox relay of ' || current_schema(), 0))")
WAITING = (
    sa.select(OUTBOX.c.position, OUTBOX.c.topic, OUTBOX.c.key, OUTBOX.c.value, OUTBOX.c.headers)
    .where(OUTBOX.c.published_at.is_(None))
    .order_by(OUTBOX.c.position)
    .limit(BATCH)
)
MARK = (
    sa.update(OUTBOX).where(OUTBOX.c.position == sa.any_(sa.bindparam("positions", type_=sa.ARRAY(sa.BigInteger))))
).values(published_at=sa.func.now())


class Relay:
    def __init__(self, database: Database, broker: Broker, clock: Clock, metrics: Metrics) -> None:
        self._database, self._broker, self._clock, self._metrics = database, broker, clock, metrics
        self._woken = asyncio.Event()
        self._failures = 0  # in a row
        self.turned_at = clock.monotonic()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`, then until the outbox is empty, for some seconds at most. Outages are waited out."""
        self._database.committed_with_events.append(self._woken)
        try:
            while not stopping.is_set():
                self.turned_at = self._clock.monotonic()
                try:
                    await self._serve(stopping)
                except (Failure, SQLAlchemyError, OSError) as failure:
                    self._failures += 1
                    after_s = backoff(self._failures, Policy(), 1.0)
                    log.warning("outbox waits", after_s=after_s, error=describe(failure))
                    await _wait(stopping, after_s)
        finally:
            self._database.committed_with_events.remove(self._woken)

    async def _serve(self, stopping: asyncio.Event) -> None:
        async with self._database.engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            try:
                if not (await connection.execute(TRY_LOCK)).scalar():
                    await _wait(stopping, STANDBY_SECONDS)
                    return
                await connection.execute(sa.text(f"SET idle_session_timeout = {SILENT_MS}"))
                await self._relay(connection, stopping)
            finally:
                # The lock belongs to the session: given back to the pool, the session would keep it.
                await plain.invalidate()

    async def _relay(self, connection: AsyncConnection, stopping: asyncio.Event) -> None:
        cleaned_at: float | None = None
        while not stopping.is_set():
            self._woken.clear()
            self.turned_at = self._clock.monotonic()
            if await self._publish_batch(connection) == BATCH:
                continue
            due = cleaned_at is None or self._clock.monotonic() - cleaned_at > HOUSEKEEPING_SECONDS
            if due and not await self._forget_old(connection):
                cleaned_at = self._clock.monotonic()
            await _wait(self._woken, LOOK_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                while await self._publish_batch(connection):
                    pass

    async def _publish_batch(self, connection: AsyncConnection) -> int:
        rows = (await connection.execute(WAITING)).all()
        if rows:
            await self._broker.produce([_record(*content) for _, *content in rows])
            await connection.execute(MARK, {"positions": [row.position for row in rows]})
            self._metrics.relayed.inc(len(rows))
        self._failures = 0
        return len(rows)

    async def _forget_old(self, connection: AsyncConnection) -> bool:
        """A portion of each table, between two batches; whether there may be more. It looks through the whole table:
        0.2 s for two million rows, once an hour, where an index on the moment would cost every event a fifth more."""
        now, more = self._clock.now(), False
        for key, age, keep in (
            (OUTBOX.c.position, OUTBOX.c.published_at, KEEP_PUBLISHED),
            (INBOX.c.event_id, INBOX.c.handled_at, KEEP_HANDLED),
        ):
            old = sa.select(key).where(age < now - keep).limit(HOUSEKEEPING_ROWS)
            deleted = await connection.execute(sa.delete(key.table).where(key.in_(old)))
            more = more or deleted.rowcount == HOUSEKEEPING_ROWS
            if deleted.rowcount:
                log.info("old rows deleted", table=key.table.name, rows=deleted.rowcount)
        return more


async def measure(database: Database, metrics: Metrics) -> None:
    """Sets the outbox gauges."""
    async with database.transaction() as tx:
        age = sa.func.extract("epoch", sa.func.now() - sa.func.min(OUTBOX.c.created_at))
        query = sa.select(sa.func.count().label("waiting"), age.label("oldest")).where(OUTBOX.c.published_at.is_(None))
        row = (await tx.execute(query)).one()
    metrics.outbox_waiting.set(row.waiting)
    metrics.outbox_oldest.set(float(row.oldest or 0))


def _record(topic: str, key: bytes, value: bytes, headers: Mapping[str, str]) -> Record:
    return Record(topic, key, value, {name: text.encode() for name, text in headers.items()})


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
