"""While a service opens what it needs, it joins its groups, unless others are in them, and handles nothing yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType

import pytest

from shared.bus.memory import MemoryBroker
from shared.database import Database, Transaction
from shared.events import CaseChanged
from shared.failures import Transient
from shared.handling import Service
from shared.supervision import Running
from tests.support.poll import eventually
from tests.support.service import case_changed, record, running
from tests.support.stack import Migrated

GROUP = "gateway.case"


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("gateway"), "/haetae/gateway")
    yield database
    await database.close()


class Slow:
    """A resource that is there when it is told."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.asked = asyncio.Event()

    async def __aenter__(self) -> Slow:
        self.asked.set()
        await self.told.wait()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Nothing is held."""


class Broken(Slow):
    async def __aenter__(self) -> Slow:
        await super().__aenter__()
        raise ValueError("it cannot be opened")


class Away(Slow):
    """Its server comes back when it is told."""

    async def __aenter__(self) -> Slow:
        self.asked.set()
        if not self.told.is_set():
            raise Transient("its server is away")
        return self


@asynccontextmanager
async def opening(broker: MemoryBroker, database: Database, slow: Slow) -> AsyncIterator[tuple[Running, list[str]]]:
    """A gateway that notes the states it handles; one record waits for it."""
    seen: list[str] = []

    async def note(event: CaseChanged, tx: Transaction) -> None:
        assert slow.told.is_set()
        seen.append(event.state)

    await broker.ensure_topics({CaseChanged.topic.name: 6})
    await broker.produce([record(case_changed(1, 1))])
    async with running(Service("gateway", handles={CaseChanged: note}, resources=(slow,)), broker, database) as task:
        await slow.asked.wait()
        yield task, seen


def polled(broker: MemoryBroker) -> int:
    """How far the group's members have read."""
    group = broker.groups.get(GROUP)
    return sum(sum(member.positions.values()) for member in group._members) if group else 0


async def test_it_joins_meanwhile_and_handles_afterwards(database: Database) -> None:
    broker, slow = MemoryBroker(), Slow()
    async with opening(broker, database, slow) as (_, seen):
        await eventually(lambda: polled(broker) == 1)
        await asyncio.sleep(0.2)
        assert seen == []
        slow.told.set()
        await eventually(lambda: seen == ["1"])


async def test_where_others_do_the_work_it_waits(database: Database) -> None:
    broker, slow = MemoryBroker(), Slow()

    async def nothing(_: object) -> None:
        """Nothing is held."""

    await broker.ensure_topics({CaseChanged.topic.name: 6})
    joining = broker.join(GROUP, [CaseChanged.topic.name], instance="another", on_revoked=nothing)
    async with joining as other, opening(broker, database, slow):
        await asyncio.sleep(0.3)
        assert len(other.assignment()) == 6
        slow.told.set()
        await eventually(lambda: len(other.assignment()) == 3)


async def test_told_to_stop_meanwhile_it_stops_and_the_record_stays(database: Database) -> None:
    broker, slow = MemoryBroker(), Slow()
    async with opening(broker, database, slow) as (task, seen):
        await eventually(lambda: polled(broker) == 1)
        asyncio.get_running_loop().call_later(0.2, slow.told.set)
    assert task.done()
    assert (seen, broker.groups[GROUP].offsets) == ([], {})


async def test_a_resource_whose_server_is_away_is_waited_for(database: Database) -> None:
    broker, away = MemoryBroker(), Away()
    async with opening(broker, database, away) as (task, seen):
        await asyncio.sleep(0.3)
        assert (task.done(), seen) == (False, [])
        away.told.set()
        await eventually(lambda: seen == ["1"])


async def test_told_to_stop_while_a_resources_server_is_away_it_stops(database: Database) -> None:
    broker, away = MemoryBroker(), Away()
    async with opening(broker, database, away) as (_, seen):
        await eventually(lambda: polled(broker) == 1)
    assert (seen, broker.groups[GROUP]._members) == ([], [])


async def test_what_cannot_be_opened_ends_it_and_it_leaves_its_group(database: Database) -> None:
    broker, slow = MemoryBroker(), Broken()
    with pytest.raises(ValueError, match="cannot be opened"):  # noqa: PT012  # it is raised at the end
        async with opening(broker, database, slow) as (task, seen):
            await eventually(lambda: polled(broker) == 1)
            slow.told.set()
            await asyncio.wait({task}, timeout=10)
            assert task.done()
    assert (seen, broker.groups[GROUP]._members) == ([], [])
