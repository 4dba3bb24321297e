"""What is kept of robots.txt, on a real database: the last copy stays while no newer one can be had."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from services.crawler.registry.robots_store import Asked, KeptRobots
from shared.clock import ManualClock
from shared.database import Database
from shared.failures import Transient
from tests.support.stack import Migrated

CLOCK = ManualClock()
COPY = Asked(
    "http://a.test", "a.test", CLOCK.now(), 200, "obeyed: 1 rules for us", "public",
    CLOCK.now(), "00" * 32, "User-agent: *\nDisallow: /게시판", False, 2.5,
)  # fmt: skip


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    made = Database(migrated.dsn_for("crawler"), "/haetae/crawler")
    yield made
    await made.close()


async def test_what_is_kept_is_loaded_and_an_answer_without_a_copy_leaves_the_last(database: Database) -> None:
    store = KeptRobots(database, CLOCK)
    assert await store.load(COPY.origin) is None
    await store.keep(COPY)
    assert await store.load(COPY.origin) == COPY
    in_vain = Asked("http://a.test", "a.test", CLOCK.now(), 503, "it cannot be had", "court_order")
    await store.keep(in_vain)
    assert await store.load(COPY.origin) == replace(
        COPY, status=503, decision="it cannot be had", legal_ground="court_order"
    )
    newer = replace(COPY, text="", sha256=None, delay_s=0.0)
    await asyncio.gather(store.keep(COPY), store.keep(newer))
    assert await store.load(COPY.origin) == newer


async def test_many_are_kept_loaded_and_counted_together(database: Database) -> None:
    store = KeptRobots(database, CLOCK)
    origins = [f"http://h{n}.test" for n in range(300)]
    await asyncio.gather(*(store.keep(replace(COPY, origin=origin)) for origin in origins))
    kept = await asyncio.gather(*(store.load(origin) for origin in (*origins, "http://none.test")))
    assert [one.origin if one else None for one in kept] == [*origins, None]
    for _ in range(2):
        await asyncio.gather(*(store.overridden("a.test", f"/{n}", "police_request") for n in range(10)))
    await store.overridden("a.test", "/x", "court_order")
    async with database.transaction() as tx:
        query = "SELECT legal_ground, visits, last_url FROM robots_overrides ORDER BY legal_ground"
        rows = [tuple(row) for row in await tx.execute(sa.text(query))]
    assert rows == [("court_order", 1, "/x"), ("police_request", 20, "/9")]


async def test_without_a_database_visits_go_on_but_nothing_is_overridden() -> None:
    away = Database("postgresql+psycopg://haetae:x@127.0.0.1:1/haetae", "/haetae/crawler")
    store = KeptRobots(away, CLOCK)
    await store.keep(COPY)
    assert await store.load(COPY.origin) is None
    with pytest.raises(Transient):
        await store.overridden("a.test", "/x", "court_order")
    await away.close()
