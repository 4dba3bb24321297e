"""The outbox reaches the broker whole and in order, whatever dies between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import sqlalchemy as sa

from shared.bus.memory import MemoryBroker
from shared.bus.port import Record
from shared.clock import SystemClock
from shared.database import Database
from shared.events import CaseChanged
from shared.events.envelope import decode
from shared.failures import Rejected
from shared.identity import identity
from shared.metrics import Metrics
from shared.outbox import MAX_VALUE
from shared.relay import Relay, measure
from tests.support.poll import eventually
from tests.support.service import case_changed
from tests.support.stack import Migrated

TOPIC = CaseChanged.topic.name


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("gateway"), "/haetae/gateway")
    yield database
    await database.close()


@pytest.fixture
async def other(migrated: Migrated) -> AsyncIterator[Database]:
    """Another process of the same service."""
    database = Database(migrated.dsn_for("gateway"), "/haetae/gateway")
    yield database
    await database.close()


@asynccontextmanager
async def relaying(database: Database, broker: MemoryBroker, metrics: Metrics | None = None) -> AsyncIterator[None]:
    stop = asyncio.Event()
    relay = asyncio.create_task(Relay(database, broker, SystemClock(), metrics or Metrics()).run(stop))
    try:
        yield
    finally:
        stop.set()
        await relay


async def publish(database: Database, event: CaseChanged) -> None:
    async with database.transaction() as tx:
        tx.publish(event, id=identity("test", event.state))


async def publish_and_fail(database: Database) -> None:
    async with database.transaction() as tx:
        tx.publish(case_changed(1, 99), id=identity("test", 99))
        raise ZeroDivisionError


async def commit(database: Database, *steps: int) -> None:
    for step in steps:
        await publish(database, case_changed(1, step))


def published(broker: MemoryBroker) -> list[int]:
    """The steps in the topic, in order."""
    (log,) = broker.logs(TOPIC)
    events = [decode(record.value, dict(record.headers)).event for record in log]
    return [int(event.state) for event in events if isinstance(event, CaseChanged)]


async def waiting(database: Database) -> int:
    metrics = Metrics()
    await measure(database, metrics)
    return int(metrics.outbox_waiting._value.get())


async def test_what_is_committed_is_published_in_order_and_what_is_rolled_back_never(database: Database) -> None:
    broker = MemoryBroker()
    await commit(database, 1, 2)
    async with relaying(database, broker):
        with pytest.raises(ZeroDivisionError):
            await publish_and_fail(database)
        await commit(database, 3, 4)
        await eventually(lambda: len(published(broker)) == 4)
    assert published(broker) == [1, 2, 3, 4]
    assert await waiting(database) == 0


async def test_stopping_publishes_what_is_committed(database: Database) -> None:
    broker = MemoryBroker()
    async with relaying(database, broker):
        await commit(database, *range(20))
    assert published(broker) == list(range(20))


async def test_an_outage_of_the_broker_is_waited_out(database: Database) -> None:
    broker = MemoryBroker()
    broker.fail_produces(3)
    async with relaying(database, broker):
        await commit(database, 1, 2)
        await eventually(lambda: published(broker) == [1, 2])
    assert await waiting(database) == 0


async def test_a_crash_after_publishing_publishes_again_under_the_same_id(database: Database) -> None:
    broker = MemoryBroker()
    await commit(database, 1)
    async with relaying(database, broker):
        await eventually(lambda: published(broker) == [1])
    async with database.transaction() as tx:
        await tx.execute(sa.text("UPDATE outbox SET published_at = NULL"))
    async with relaying(database, broker):
        await eventually(lambda: published(broker) == [1, 1])
    (log,) = broker.logs(TOPIC)
    assert log[0].headers["ce_id"] == log[1].headers["ce_id"]


async def test_of_two_relays_one_publishes_and_the_other_stands_by(database: Database, other: Database) -> None:
    first, second, broker = Metrics(), Metrics(), MemoryBroker()
    async with AsyncExitStack() as one:
        await one.enter_async_context(relaying(database, broker, first))
        await commit(database, 0)
        await eventually(lambda: published(broker) == [0])
        async with relaying(other, broker, second):
            await commit(database, *range(1, 10))
            await eventually(lambda: (count(first), count(second)) == (10, 0))
            await one.aclose()
            await commit(database, *range(10, 20))
            await eventually(lambda: (count(first), count(second)) == (10, 10))
    assert published(broker) == list(range(20))


class Held(MemoryBroker):
    """Holds its first caller up until `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.holding, self.go = asyncio.Event(), asyncio.Event()

    async def produce(self, records: Sequence[Record]) -> None:
        if not self.holding.is_set():
            self.holding.set()
            await self.go.wait()
        await super().produce(records)


async def test_a_relay_that_lost_its_connection_cannot_break_the_order(
    migrated: Migrated, database: Database, other: Database
) -> None:
    """It is cut off in the middle of a batch; its successor goes on; then the batch arrives after all."""
    broker, first, second = Held(), Metrics(), Metrics()
    await commit(database, 0, 1, 2)
    async with relaying(database, broker, first):
        await broker.holding.wait()
        async with relaying(other, broker, second):
            await terminate_holder_of_the_lock(migrated.owner_url)
            await commit(database, 3, 4)
            await eventually(lambda: published(broker) == [0, 1, 2, 3, 4])
            broker.go.set()
            await eventually(lambda: len(published(broker)) == 8)
            await commit(database, 5)
            await eventually(lambda: published(broker)[-1] == 5)
    assert published(broker) == [0, 1, 2, 3, 4, 0, 1, 2, 5]
    assert await waiting(database) == 0


async def test_a_relay_that_stands_still_gives_way(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.relay.SILENT_MS", 500)
    broker = Held()
    await commit(database, 0)
    async with relaying(database, broker):
        await broker.holding.wait()
        async with relaying(other, broker):
            await commit(database, 1)
            await eventually(lambda: published(broker) == [0, 1])
        broker.go.set()


def count(metrics: Metrics) -> int:
    return int(metrics.relayed._value.get())


async def terminate_holder_of_the_lock(owner_url: str) -> None:
    owner = Database(owner_url, "/test")
    async with owner.transaction() as tx:
        held = (
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert (await tx.execute(sa.text(held))).scalars().all() == [True]
    await owner.close()


async def test_old_rows_are_forgotten_and_waiting_ones_never(database: Database) -> None:
    broker = MemoryBroker()
    await commit(database, 1, 2, 3)
    async with database.transaction() as tx:
        await tx.execute(sa.text("UPDATE outbox SET created_at = now() - interval '90 days'"))
        await tx.execute(sa.text("UPDATE outbox SET published_at = now() - interval '8 days' WHERE position = 1"))
        await tx.execute(sa.text("UPDATE outbox SET published_at = now() - interval '6 days' WHERE position = 2"))
    async with relaying(database, broker):
        await eventually(lambda: published(broker) == [3])
    async with database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT position FROM outbox ORDER BY 1"))).scalars().all() == [2, 3]


async def test_an_event_that_no_broker_takes_does_not_get_in(database: Database) -> None:
    large = case_changed(1, 1).model_copy(update={"category": "x" * MAX_VALUE})
    with pytest.raises(Rejected, match=f"more than the {MAX_VALUE}"):
        await publish(database, large)
    assert await waiting(database) == 0


async def test_an_outage_that_is_over_makes_the_next_no_longer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_row: list[int] = []

    def noted(failures: int, *_: object) -> float:
        in_a_row.append(failures)
        return 0.01

    monkeypatch.setattr("shared.relay.backoff", noted)
    broker = MemoryBroker()
    async with relaying(database, broker):
        for step in (1, 2):
            broker.fail_produces(2)
            await publish(database, case_changed(1, step))
            await eventually(lambda: sum(map(len, broker.logs(TOPIC))) == step)  # noqa: B023  # awaited within the turn
    assert in_a_row == [1, 2, 1, 2]
