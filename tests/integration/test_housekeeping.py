"""The relay keeps its tables small: however many old rows there are, they go, and no others."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
import sqlalchemy as sa

from shared import relay
from shared.bus.memory import MemoryBroker
from shared.clock import SystemClock
from shared.database import Database
from shared.inbox import INBOX
from shared.metrics import Metrics
from shared.outbox import OUTBOX
from shared.relay import KEEP_HANDLED, KEEP_PUBLISHED, Relay
from tests.support.poll import eventually
from tests.support.stack import Migrated

OLD, NEW = 25, 3


async def test_all_old_rows_go_in_portions_and_new_ones_stay(
    migrated_once: Migrated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "HOUSEKEEPING_ROWS", 10)
    database = Database(migrated_once.dsn_for("drafter"), "/haetae/drafter")
    now = SystemClock().now()

    async def left() -> list[int]:
        async with database.transaction() as tx:
            return [
                int(await tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0) for table in (INBOX, OUTBOX)
            ]

    async with database.transaction() as tx:
        for age, count in ((1, OLD), (0, NEW)):
            handled, published = now - 2 * age * KEEP_HANDLED, now - 2 * age * KEEP_PUBLISHED
            for _ in range(count):
                event = {"event_id": uuid4()}
                await tx.execute(sa.insert(INBOX).values(**event, event_type="t", handled_at=handled))
                row = {**event, "topic": "t", "key": b"", "value": b"", "headers": {}, "published_at": published}
                await tx.execute(sa.insert(OUTBOX).values(row))
        waits = {"event_id": uuid4(), "topic": "t", "key": b"", "value": b"", "headers": {}}
        await tx.execute(sa.insert(OUTBOX).values(waits | {"created_at": now - 2 * KEEP_PUBLISHED}))
    stopping, broker = asyncio.Event(), MemoryBroker()
    working = asyncio.create_task(Relay(database, broker, SystemClock(), Metrics()).run(stopping))

    async def cleaned() -> bool:
        return await left() == [NEW, NEW + 1]  # what waited for the broker was published a moment ago

    try:
        await eventually(cleaned)
    finally:
        stopping.set()
        await working
        await database.close()
    assert sum(map(len, broker.logs("t"))) == 1
