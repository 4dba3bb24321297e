"""Claiming what is due, on a real database: each host to one, at its own pace, the most urgent first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.crawler.domain import PageKind, Urgency
from services.crawler.frontier.claiming import HAND_S, LEASE, Claim, claim, undo
from services.crawler.frontier.in_hand import Finished
from services.crawler.frontier.lease_rows import give_back, take
from services.crawler.frontier.ledger import Results, record
from services.crawler.frontier.loading import load
from services.crawler.frontier.looking import let_go, lock, wake
from services.crawler.frontier.outcomes import settled
from services.crawler.frontier.pacing import Pace
from services.crawler.frontier.reports import add_report
from services.crawler.registry.sites import SiteLine, import_sites
from services.crawler.visit import Known
from shared.database import Database
from shared.events import CrawlDue, Visit
from tests.support.stack import Migrated

FREE = Pace(0.0, 0.0, 0.5)


def site(host: str, per_second: float = 2.0) -> SiteLine:
    return SiteLine(host, f"http://{host}/", host, "board", None, None, None, per_second, 10.0)


class Frontier:
    """Claims as a scheduler does. Leases go by the database's clock: time passes by moving the tables back."""

    def __init__(self, database: Database) -> None:
        self.database, self.seconds = database, 0.0

    async def claim(self) -> Claim:
        async with self.database.transaction() as tx:
            return await claim(tx)

    async def due(self) -> list[CrawlDue]:
        return [one.due for one in (await self.claim()).dispatches]

    async def run(self, statement: str, **values: object) -> Sequence[Any]:
        async with self.database.transaction() as tx:
            result = await tx.execute(sa.text(statement), values)
            return result.all() if result.returns_rows else ()

    async def pass_time(self, seconds: float) -> None:
        self.seconds += seconds
        past = timedelta(seconds=seconds)
        await self.run(
            "UPDATE hosts SET look_at = look_at - :past, next_allowed_at = next_allowed_at - :past,"
            " leased_until = leased_until - :past, wanted_until = wanted_until - :past,"
            " hold_off_until = hold_off_until - :past",
            past=past,
        )
        await self.run("UPDATE frontier SET next_at = next_at - :past", past=past)
        await self.run("UPDATE checks SET due_at = due_at - :past", past=past)

    async def add(self, host: str, name: str, priority: int = 2, late_s: float = 1, visits: int = 0) -> str:
        url = f"http://{host}/{name}"
        await self.run(
            "INSERT INTO frontier (url, host, kind, priority, next_at, visits)"
            " VALUES (:url, :host, 'unknown', :priority, now() - :late, :visits)",
            url=url, host=host, priority=priority, late=timedelta(seconds=late_s), visits=visits,
        )  # fmt: skip
        await self.run("UPDATE hosts SET look_at = least(look_at, now()) WHERE host = :host", host=host)
        return url

    async def add_check(self, host: str, name: str) -> None:
        await self.run(
            "INSERT INTO checks (check_id, case_id, number, host, url, finding, due_at)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), 1, :host, :url, '{}', now())",
            host=host, url=f"http://{host}/{name}",
        )  # fmt: skip

    async def finish(self, *urls: str, again_s: float = 1e6) -> None:
        again = timedelta(seconds=again_s)
        await self.run(
            "UPDATE frontier SET next_at = now() + :again WHERE url = ANY(:urls)", urls=list(urls), again=again
        )

    async def hand_back(self, host: str, pace: Pace = FREE) -> None:
        """As who had it in hand does at the end."""
        (row,) = await self.run("SELECT lease FROM hosts WHERE host = :host", host=host)
        async with self.database.transaction() as tx:
            await give_back(tx, row.lease, {host: pace}, lent=False)


def urls_of(due: CrawlDue) -> list[str]:
    return [due.url, *(more.url for more in due.more)]


@pytest.fixture
async def frontier(migrated: Migrated) -> AsyncIterator[Frontier]:
    database = Database(migrated.dsn_for("crawler"), "/haetae/crawler")
    await import_sites(database, [site("a.test"), site("b.test", 0.5)])
    yield Frontier(database)
    await database.close()


async def test_a_host_is_dispatched_with_what_it_can_be_asked_in_some_seconds(frontier: Frontier) -> None:
    for host in ("a.test", "b.test"):
        for number in range(20):
            await frontier.add(host, str(number))
    due = {one.host: urls_of(one) for one in await frontier.due()}
    assert {host: len(urls) for host, urls in due.items()} == {"a.test": int(2 * HAND_S), "b.test": int(HAND_S / 2)}


async def test_the_most_urgent_comes_first(frontier: Frontier) -> None:
    aside = await frontier.add("a.test", "aside", priority=4)
    again = await frontier.add("a.test", "again", priority=3, late_s=99, visits=1)
    second = await frontier.add("a.test", "second", late_s=2)
    first = await frontier.add("a.test", "first", late_s=3)
    report = await frontier.add("a.test", "report", priority=0)
    await frontier.add_check("a.test", "c")
    (due,) = [one for one in await frontier.due() if one.host == "a.test"]
    start = "http://a.test/"
    assert urls_of(due) == [report, "http://a.test/c", start, first, second, again, aside]
    assert [one.visit for one in due.more] == [
        Visit.CHECK, Visit.FIRST, Visit.FIRST, Visit.FIRST, Visit.REVISIT, Visit.FIRST,
    ]  # fmt: skip


async def test_no_kind_of_address_starves_behind_another(frontier: Frontier) -> None:
    """A site with more feeds than can be visited, and a calendar without end."""
    for priority in (1, 2, 3):
        for number in range(30):
            await frontier.add("a.test", f"{priority}/{number}", priority, late_s=10 - priority)
    first = list[str]()
    for visits in range(100):
        await frontier.run(
            "UPDATE hosts SET visits = :visits, leased_until = NULL, look_at = now() WHERE host = 'a.test'",
            visits=visits,
        )
        first += [one.url.split("/")[3] for one in await frontier.due() if one.host == "a.test"]
    assert min(map(first.count, "123")) >= 5
    assert first.count("1") > 50, "listings still come first, most of the time"


async def test_hosts_with_a_report_or_a_check_go_first_then_those_known_to_be_bad(frontier: Frontier) -> None:
    await import_sites(frontier.database, [site(f"h{number}.test") for number in range(4)])
    await frontier.run("UPDATE hosts SET look_at = now() - interval '1 hour'")
    await frontier.run("UPDATE hosts SET look_at = now() + interval '1 hour' WHERE host IN ('a.test', 'b.test')")
    await frontier.run("UPDATE hosts SET case_at = now() WHERE host = 'h1.test'")
    async with frontier.database.transaction() as tx:
        await lock(tx, ["h1.test"])
        await let_go(tx, ["h1.test"])
    async with frontier.database.transaction() as tx:
        await wake(tx, "h2.test", tx.clock.now(), Urgency.CHECK)
    async with frontier.database.transaction() as tx:
        await add_report(tx, "http://h3.test/reported")
    order = []
    for _ in range(4):
        async with frontier.database.transaction() as tx:
            order += [one.due.host for one in (await claim(tx, most=1)).dispatches]
    assert order == ["h3.test", "h2.test", "h1.test", "h0.test"]


async def test_a_host_that_is_out_is_not_dispatched_again_before_its_lease_and_its_gap_are_over(
    frontier: Frontier,
) -> None:
    first = {one.host: one.due_at for one in await frontier.due()}
    await frontier.pass_time(LEASE.total_seconds() - 1)
    assert await frontier.due() == []
    await frontier.pass_time(2)
    again = {one.due.host: one for one in (await frontier.claim()).dispatches}
    assert set(again) == set(first)
    async with frontier.database.transaction() as tx:
        terms = await take(tx, uuid4(), {host: one.lease for host, one in again.items()})
    assert terms["a.test"].wait_s < 0
    assert 0 < terms["b.test"].wait_s <= 1.0


async def test_a_record_that_comes_late_or_twice_gets_no_host(frontier: Frontier) -> None:
    offers = {one.due.host: one.lease for one in (await frontier.claim()).dispatches}
    async with frontier.database.transaction() as tx:
        assert set(await take(tx, uuid4(), offers)) == {"a.test", "b.test"}
    async with frontier.database.transaction() as tx:
        assert await take(tx, uuid4(), offers) == {}
    await frontier.pass_time(2 * LEASE.total_seconds())
    assert {one.host for one in await frontier.due()} == {"a.test", "b.test"}
    async with frontier.database.transaction() as tx:
        assert await take(tx, uuid4(), offers) == {}


async def test_a_visit_that_two_processes_made_is_written_down_by_the_first(frontier: Frontier) -> None:
    """After a lease was lost in the middle of it."""
    (due,) = [one for one in await frontier.due() if one.host == "a.test"]
    async with frontier.database.transaction() as tx:
        (job,) = (await load(tx, [due]))["a.test"]
    assert isinstance(job, Known)
    for digest in ("first", "second"):
        visit = settled(job, PageKind.CONTENT, job.next_at + timedelta(days=1), changed=True, digest=digest)
        async with frontier.database.transaction() as tx:
            await record(tx, Results([Finished(job.url, "a.test", visit, {}, 0)]), uuid4(), 10)
    (row,) = await frontier.run("SELECT last_digest, visits FROM frontier WHERE host = 'a.test'")
    assert tuple(row) == ("first", 1)


async def test_claims_at_the_same_time_never_share_a_host(migrated: Migrated) -> None:
    databases = [Database(migrated.dsn_for("crawler"), "/haetae/crawler") for _ in range(4)]
    await import_sites(databases[0], [site(f"h{n}.test", 1000.0) for n in range(150)])

    async def some(database: Database) -> list[str]:
        async with database.transaction() as tx:
            return [one.due.host for one in (await claim(tx, most=20)).dispatches]

    claimed = []
    for _ in range(3):
        claimed += [host for hosts in await asyncio.gather(*map(some, databases)) for host in hosts]
    assert len(claimed) == len(set(claimed)) == 150
    for database in databases:
        await database.close()


async def test_no_more_hosts_wait_in_the_broker_than_are_soon_taken(
    frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.crawler.frontier.claiming.MOST_WAITING", 3)
    await import_sites(frontier.database, [site(f"h{n}.test") for n in range(5)])
    first = (await frontier.claim()).dispatches
    assert len(first) == 3
    assert await frontier.due() == []
    async with frontier.database.transaction() as tx:
        await take(tx, uuid4(), {first[0].due.host: first[0].lease})
    assert len(await frontier.due()) == 1


async def test_schedulers_that_went_beyond_the_bound_together_wait(
    frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len((await frontier.claim()).dispatches) == 2
    monkeypatch.setattr("services.crawler.frontier.claiming.MOST_WAITING", 1)
    assert await frontier.due() == []


async def test_what_the_broker_did_not_take_is_due_at_once(frontier: Frontier) -> None:
    dispatches = (await frontier.claim()).dispatches
    async with frontier.database.transaction() as tx:
        await undo(tx, dispatches)
    assert {one.host for one in await frontier.due()} == {"a.test", "b.test"}


async def test_a_quiet_frontier_says_when_to_look_again(frontier: Frontier) -> None:
    await frontier.finish("http://a.test/", again_s=100)
    await frontier.finish("http://b.test/", again_s=200)
    assert (await frontier.claim()).dispatches == []
    assert (await frontier.claim()).next_look_s == pytest.approx(100, abs=5)


async def test_a_host_that_is_handed_back_is_looked_at_when_it_may_be_asked(frontier: Frontier) -> None:
    await frontier.due()
    await frontier.hand_back("a.test", Pace(30.0, 30.0, 0.5))
    assert await frontier.due() == []
    await frontier.pass_time(29)
    assert [one.host for one in await frontier.due()] == ["b.test"]
    await frontier.pass_time(2)
    assert [one.host for one in await frontier.due()] == ["a.test"]


async def test_spent_visits_leave_reports_and_checks(frontier: Frontier) -> None:
    await frontier.run("UPDATE sites SET visits_per_day = 3 WHERE host = 'a.test'")
    today = "day = (now() AT TIME ZONE 'UTC')::date"
    await frontier.run(f"UPDATE hosts SET {today}, day_visits = 2 WHERE host = 'a.test'")
    for name in "xyz":
        await frontier.add("a.test", name)
    await frontier.run("UPDATE hosts SET look_at = now() + interval '1 day' WHERE host = 'b.test'")
    assert [len(urls_of(one)) for one in await frontier.due()] == [1]
    await frontier.run("UPDATE hosts SET day_visits = 3 WHERE host = 'a.test'")
    await frontier.hand_back("a.test")
    (row,) = await frontier.run(
        "SELECT look_at - (now() AT TIME ZONE 'UTC')::date AS rest FROM hosts WHERE host = 'a.test'"
    )
    assert row.rest == timedelta(days=1)
    await frontier.add_check("a.test", "c")
    await frontier.run("UPDATE hosts SET look_at = now() WHERE host = 'a.test'")
    assert [urls_of(one) for one in await frontier.due()] == [["http://a.test/c"]]
    await frontier.run("UPDATE hosts SET day = day - 1")
    await frontier.hand_back("a.test")
    assert [len(urls_of(one)) for one in await frontier.due()] == [1 + 3]


async def test_a_broken_host_gets_one_probe(frontier: Frontier) -> None:
    for name in "xyz":
        await frontier.add("a.test", name)
    await frontier.run("UPDATE hosts SET failures = 5")
    assert [len(urls_of(one)) for one in await frontier.due() if one.host == "a.test"] == [1]


async def test_checks_and_reports_come_while_a_broken_host_rests(frontier: Frontier) -> None:
    """Who asked for a check gives it up after an hour, and a broken host rests for six."""
    start = "http://a.test/"
    await frontier.run("UPDATE hosts SET look_at = NULL WHERE host = 'b.test'")
    await frontier.due()
    await frontier.hand_back("a.test", Pace(0.0, 6 * 3600.0, 0.5))
    assert await frontier.due() == []
    await frontier.add_check("a.test", "c")
    async with frontier.database.transaction() as tx:
        await wake(tx, "a.test", tx.clock.now(), Urgency.CHECK)
        await add_report(tx, "http://a.test/reported")
    assert [urls_of(one) for one in await frontier.due()] == [["http://a.test/reported", "http://a.test/c"]]
    await frontier.finish("http://a.test/reported")
    await frontier.run("UPDATE checks SET done_at = now()")
    await frontier.hand_back("a.test")
    assert await frontier.due() == [], "an answer to a check does not end the rest"
    await frontier.pass_time(6 * 3600.0)
    assert [urls_of(one) for one in await frontier.due()] == [[start]]


async def test_what_becomes_due_while_nothing_else_is_looked_at_as_urgent(frontier: Frontier) -> None:
    async def urgency(host: str = "a.test") -> int:
        (row,) = await frontier.run("SELECT urgency FROM hosts WHERE host = :host", host=host)
        return int(row.urgency)

    await frontier.finish("http://a.test/", "http://b.test/", again_s=100)
    assert await frontier.due() == []
    async with frontier.database.transaction() as tx:
        await wake(tx, "a.test", tx.clock.now() + timedelta(seconds=200), Urgency.CHECK)
        await wake(tx, "b.test", tx.clock.now() + timedelta(seconds=50), Urgency.CHECK)
    assert (await urgency("a.test"), await urgency("b.test")) == (Urgency.KNOWN_BAD, Urgency.CHECK)
    await frontier.add_check("a.test", "c")
    await frontier.run("UPDATE checks SET due_at = now() + interval '60 seconds'")
    async with frontier.database.transaction() as tx:
        await lock(tx, ["a.test"])
        await let_go(tx, ["a.test"])
    assert await urgency() == Urgency.CHECK


async def test_importing_again_updates_sites_and_keeps_what_is_known(frontier: Frontier) -> None:
    url = await frontier.add("a.test", "known")
    progress = []
    sites = [site("a.test", 9.0), *(site(f"n{n}.test") for n in range(600))]
    await import_sites(frontier.database, sites, lambda done, of: progress.append((done, of)))
    async with frontier.database.transaction() as tx:
        paces = (await tx.execute(sa.text("SELECT requests_per_second FROM sites WHERE host = 'a.test'"))).scalars()
        known = (await tx.execute(sa.text("SELECT count(*) FROM frontier WHERE url = :url"), {"url": url})).scalar()
    assert list(paces) == [9.0]
    assert known == 1
    assert progress == [(500, 601), (601, 601)]
