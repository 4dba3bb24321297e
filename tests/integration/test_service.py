"""A service in one process: PostgreSQL is real, the broker the twin that the contract suite holds to Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.bus.memory import MemoryBroker
from shared.database import Database, Transaction
from shared.events import CaseChanged
from shared.handling import Service
from tests.support.poll import eventually
from tests.support.service import case_changed, record, running
from tests.support.stack import Migrated


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("gateway"), "/haetae/gateway")
    yield database
    await database.close()


async def test_an_event_that_comes_twice_is_handled_once(database: Database) -> None:
    broker, seen = MemoryBroker(), []

    async def note(event: CaseChanged, tx: Transaction) -> None:
        seen.append(event.state)

    await broker.produce([record(case_changed(1, 1)), record(case_changed(1, 1)), record(case_changed(1, 2))])
    async with running(Service("gateway", handles={CaseChanged: note}), broker, database):
        await eventually(lambda: seen == ["1", "2"])
        await eventually(lambda: sum(broker.groups["gateway.case"].offsets.values()) == 3)
    assert seen == ["1", "2"]
