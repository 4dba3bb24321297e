"""Claiming what is due, on a real database: each address once, at its host's pace, the most urgent first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from services.crawler.claiming import IN_FLIGHT, LEASE, Claim, claim
from services.crawler.sites import SiteLine, import_sites
from shared.clock import ManualClock
from shared.database import Database
from shared.events import CrawlDue, Visit
from tests.support.stack import Migrated

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def site(host: str, per_second: float = 2.0) -> SiteLine:
    return SiteLine(host, f"http://{host}/", host, "board", None, None, None, per_second, 10.0)


class Frontier:
    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock

    async def claim(self) -> Claim:
        async with self.database.transaction() as tx:
            return await claim(tx, self.clock.now(), 1.0)

    async def due(self) -> list[CrawlDue]:
        return list((await self.claim()).due)

    async def run(self, statement: str, **values: object) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(sa.text(statement), values)

    async def add(self, host: str, name: str, priority: int = 2, after_s: float = 0, visits: int = 0) -> str:
        url = f"http://{host}/{name}"
        await self.run(
            "INSERT INTO frontier (url, host, kind, priority, next_at, visits)"
            " VALUES (:url, :host, 'unknown', :priority, :at, :visits)",
            url=url, host=host, priority=priority, at=T0 + timedelta(seconds=after_s), visits=visits,
        )  # fmt: skip
        await self.run("UPDATE hosts SET look_at = least(look_at, :at) WHERE host = :host", at=T0, host=host)
        return url

    async def finish(self, url: str, again_s: float = 1e6) -> None:
        at = self.clock.now() + timedelta(seconds=again_s)
        await self.run("UPDATE frontier SET leased_until = NULL, next_at = :at WHERE url = :url", url=url, at=at)
        await self.run("UPDATE hosts SET look_at = :now", now=self.clock.now())


@pytest.fixture
async def frontier(migrated: Migrated) -> AsyncIterator[Frontier]:
    database, clock = Database(migrated.dsn_for("crawler"), "/haetae/crawler"), ManualClock(T0)
    await import_sites(database, [site("a.test"), site("b.test", 0.5)], clock=clock)
    yield Frontier(database, clock)
    await database.close()


async def test_a_host_is_dispatched_at_its_own_pace(frontier: Frontier) -> None:
    for host in ("a.test", "b.test"):
        for name in "123456":
            await frontier.add(host, name)
    seen = {"a.test": list[float](), "b.test": list[float]()}
    for _ in range(81):
        for due in await frontier.due():
            seen[due.host].append(frontier.clock.monotonic())
            await frontier.run(
                "UPDATE frontier SET leased_until = NULL, next_at = '2036-01-01' WHERE url = :u", u=due.url
            )
        frontier.clock.advance(0.05)
    assert seen["a.test"] == pytest.approx([0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    assert seen["b.test"] == pytest.approx([0, 2.0, 4.0])


async def test_the_most_urgent_comes_first(frontier: Frontier) -> None:
    await frontier.finish("http://b.test/")
    again = await frontier.add("a.test", "again", priority=3, after_s=-99, visits=1)
    second = await frontier.add("a.test", "second", after_s=-1)
    first = await frontier.add("a.test", "first", after_s=-2)
    await frontier.run(
        "INSERT INTO checks (check_id, case_id, number, host, url, finding, due_at) VALUES"
        " (gen_random_uuid(), gen_random_uuid(), 1, 'a.test', 'http://a.test/c', '{}', :at)", at=T0,
    )  # fmt: skip
    order = []
    for _ in range(5):
        for due in await frontier.due():
            order.append((due.url, due.visit))
            if due.check_id:
                await frontier.run("UPDATE checks SET done_at = now(), leased_until = NULL")
            await frontier.finish(due.url)
        frontier.clock.advance(1)
    assert order == [
        ("http://a.test/c", Visit.CHECK),
        ("http://a.test/", Visit.FIRST),
        (first, Visit.FIRST),
        (second, Visit.FIRST),
        (again, Visit.REVISIT),
    ]


async def test_only_a_few_of_a_host_are_out_at_a_time(frontier: Frontier) -> None:
    for name in "1234":
        await frontier.add("a.test", name)
    out = []
    for _ in range(int(LEASE.total_seconds()) - 1):
        out += [due.url for due in await frontier.due() if due.host == "a.test"]
        frontier.clock.advance(1)
    assert len(out) == IN_FLIGHT
    await frontier.finish(out[0])
    assert [due.host for due in await frontier.due()] == ["a.test"]


async def test_a_lease_that_runs_out_is_due_again_at_the_same_moment_as_before(frontier: Frontier) -> None:
    first = {due.url: due.due_at for due in await frontier.due()}
    frontier.clock.advance(LEASE.total_seconds() - 1)
    assert await frontier.due() == []
    frontier.clock.advance(2)
    assert {due.url: due.due_at for due in await frontier.due()} == first


async def test_claims_at_the_same_time_never_share_an_address(migrated: Migrated) -> None:
    databases = [Database(migrated.dsn_for("crawler"), "/haetae/crawler") for _ in range(4)]
    clock = ManualClock(T0)
    await import_sites(databases[0], [site(f"h{n}.test", 1000.0) for n in range(150)], clock=clock)
    claimed = []
    for _ in range(3):
        clock.advance(0.01)
        at_once = await asyncio.gather(*(Frontier(database, clock).due() for database in databases))
        claimed += [due.url for some in at_once for due in some]
    assert len(claimed) == len(set(claimed)) == 150
    for database in databases:
        await database.close()


async def test_a_quiet_frontier_says_when_to_look_again(frontier: Frontier) -> None:
    await frontier.finish("http://a.test/", again_s=100)
    await frontier.finish("http://b.test/", again_s=200)
    assert (await frontier.claim()).due == []
    assert (await frontier.claim()).next_look == T0 + timedelta(seconds=100)


async def test_importing_again_updates_sites_and_keeps_what_is_known(frontier: Frontier) -> None:
    url = await frontier.add("a.test", "known")
    progress = []
    sites = [site("a.test", 9.0), *(site(f"n{n}.test") for n in range(600))]
    await import_sites(frontier.database, sites, lambda done, of: progress.append((done, of)), frontier.clock)
    async with frontier.database.transaction() as tx:
        paces = (await tx.execute(sa.text("SELECT requests_per_second FROM sites WHERE host = 'a.test'"))).scalars()
        known = (await tx.execute(sa.text("SELECT count(*) FROM frontier WHERE url = :url"), {"url": url})).scalar()
    assert list(paces) == [9.0]
    assert known == 1
    assert progress == [(500, 601), (601, 601)]
