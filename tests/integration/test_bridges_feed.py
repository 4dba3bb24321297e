"""The feed of public events: each once, without gaps, in order, however many write at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from deploy.local.access import libpq_url
from services.gateway.bridges import feed
from services.gateway.bridges.cloudevents import structured
from shared.clock import ManualClock
from shared.events import REGISTRY, CaseChanged, Envelope
from shared.events.examples import EXAMPLES
from shared.events.structured import unfolded
from tests.support.bridges import emptied, told
from tests.support.gateway import Desk, make_desk
from tests.support.stack import Migrated

NONE: frozenset[str] = frozenset()


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    emptied(migrated_once.owner_url)
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path, ManualClock())
    yield desk
    await desk.database.close()


def test_the_feed_has_every_public_event_of_the_catalogue() -> None:
    ours = {
        event for event in REGISTRY.values() if event.__module__.startswith("shared.events")
    }  # tests have their own
    assert set(feed.PUBLIC) == {event for event in ours if event.topic.public}


async def test_many_writers_leave_no_gap_and_an_event_that_comes_again_keeps_its_place(desk: Desk) -> None:
    ids = [uuid4() for _ in range(40)]
    await asyncio.gather(*(told(desk, id=id) for id in ids))
    await asyncio.gather(*(told(desk, id=id) for id in ids[:10]))
    async with desk.database.transaction() as tx:
        rows, place = await feed.after(tx, 0, NONE, 100)
    assert [row.position for row in rows] == list(range(1, 41))
    assert ({row.event_id for row in rows}, place) == (set(ids), 40)


async def test_what_is_later_is_never_in_sight_before_what_is_earlier(desk: Desk) -> None:
    """The first writer has its place and has not ended; the second one waits for it."""
    first = Envelope(EXAMPLES[CaseChanged], uuid4(), "/haetae/gateway", datetime.now(UTC))
    async with desk.database.transaction(first) as tx:
        await feed.take(first.event, tx)
        second = asyncio.create_task(told(desk))
        done, _ = await asyncio.wait([second], timeout=0.3)
        assert not done
    await second
    async with desk.database.transaction() as tx:
        rows, _ = await feed.after(tx, 0, NONE, 10)
    assert [(row.position, row.event_id == first.id) for row in rows] == [(1, True), (2, False)]


async def test_what_failed_leaves_no_gap(desk: Desk) -> None:
    async def failing() -> None:
        async with desk.database.transaction(Envelope(EXAMPLES[CaseChanged], uuid4(), "/x", datetime.now(UTC))) as tx:
            await feed.take(EXAMPLES[CaseChanged], tx)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await failing()
    await told(desk)
    async with desk.database.transaction() as tx:
        rows, _ = await feed.after(tx, 0, NONE, 10)
    assert [row.position for row in rows] == [1]


async def test_it_forgets_the_oldest_some_at_once_and_says_so(desk: Desk) -> None:
    clock = desk.parts.clock
    assert isinstance(clock, ManualClock)
    for _ in range(5):
        await told(desk)
    clock.advance(timedelta(days=31).total_seconds())
    await told(desk)
    limit = clock.now() - timedelta(days=30)
    gone = []
    for _ in range(3):
        async with desk.database.transaction() as tx:
            gone.append(await feed.forget(tx, limit, 3))
    async with desk.database.transaction() as tx:
        rows, _ = await feed.after(tx, 0, NONE, 10)
        ends = await feed.ends(tx)
        assert await feed.before(tx, limit) == 5
    assert (gone, [row.position for row in rows], ends.forgotten, ends.newest) == ([3, 2, 0], [6], 5, 6)


async def test_nobody_rewrites_what_was_published(desk: Desk, migrated_once: Migrated) -> None:
    url = libpq_url(migrated_once.dsn_for("gateway"))
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE gateway.public_events SET data = '{}'")


def test_an_event_has_the_attributes_that_it_has_at_kafka() -> None:
    """Also byte for byte what is within."""
    id, at = UUID(int=7), datetime(2026, 11, 22, 9, tzinfo=UTC)
    trace = {"traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"}
    envelope = Envelope(EXAMPLES[CaseChanged], id, "/haetae/gateway", at, trace, "https://gateway.test/schemas/x")
    row = feed.PublicEvent(
        position=3,
        event_id=id,
        type=envelope.event.type,
        source=envelope.source,
        subject=envelope.event.key_value,
        time=at,
        dataschema=envelope.dataschema,
        traceparent=trace["traceparent"],
        tracestate="",
        data=envelope.value.decode(),
    )
    text = structured(row)
    _, headers = unfolded(text.encode(), {})
    assert envelope.value.decode() in text
    assert headers.pop("ce_sequence") == b"000000000000000003"
    assert headers.pop("ce_datacontenttype") == envelope.headers["content-type"]
    assert headers == {name: raw for name, raw in envelope.headers.items() if name != "content-type"}
