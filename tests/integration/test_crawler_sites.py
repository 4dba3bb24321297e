"""What the list of sites says is what the crawler does: robots.txt by ground, pauses, twenty thousand of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from sandbox.traffic import Visits
from services.crawler.domain import PageKind, Priority
from services.crawler.frontier.known_links import FRESH_S, KnownLinks, NewLink
from services.crawler.frontier.ledger import Results, record
from services.crawler.frontier.loading import load_sites
from services.crawler.frontier.outcomes import settled
from services.crawler.registry.site_choice import Choice
from services.crawler.registry.site_control import remove, set_paused
from services.crawler.registry.site_figures import count, lines, whole
from services.crawler.registry.site_lines import SiteLine
from services.crawler.registry.sites import CHUNK, import_sites, parse_sites
from services.crawler.visit import Link
from shared.clock import ManualClock
from shared.database import Database
from tests.support.crawl import Crawl, crawling
from tests.support.findings import NOW, known
from tests.support.poll import eventually
from tests.support.stack import Migrated

MANY = 20_000


@pytest.fixture
async def crawl(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Crawl]:
    async with crawling(migrated, tmp_path, scale=0.1, pace=1000.0) as made:
        yield made


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    made = Database(migrated.dsn_for("crawler"), "/haetae/crawler")
    yield made
    await made.close()


async def row(crawl: Crawl, query: str, **values: object) -> Any:
    async with crawl.database.transaction() as tx:
        return (await tx.execute(sa.text(query), values)).one()


async def not_none(crawl: Crawl, query: str, **values: object) -> bool:
    async with crawl.database.transaction() as tx:
        return bool((await tx.execute(sa.text(query), values)).scalar())


async def watch(crawl: Crawl, host: str, **more: Any) -> None:
    await crawl.watch(host=host)
    async with crawl.database.transaction() as tx:
        (site,) = await lines(tx, Choice(hosts=[host]))
    await import_sites(crawl.database, [replace(site, **more)])


def asked(crawl: Crawl, host: str) -> Visits:
    return crawl.sandbox.traffic.visits.get(host, {}).get("crawler", Visits())


async def test_robots_txt_is_kept_over_a_restart_and_not_asked_for_again(crawl: Crawl) -> None:
    host = crawl.sandbox.world.hosts[0].name
    await watch(crawl, host)
    async with crawl.service():
        await eventually(lambda: len(crawl.found) >= 2)
    kept = await row(crawl, "SELECT * FROM robots")
    assert (kept.host, kept.status, kept.legal_ground) == (host, 200, "public")
    assert kept.decision == "obeyed: 1 rules for us"
    assert kept.text.startswith("User-agent: *\nDisallow: /private/")
    new = crawl.sandbox.control.publish({"host": host, "kind": "text"})
    async with crawl.service():
        await eventually(crawl.all_found({new}))
    assert await row(crawl, "SELECT * FROM robots") == kept
    assert asked(crawl, host).disallowed == 0
    assert (await row(crawl, "SELECT count(*) FROM robots_overrides"))[0] == 0


async def test_what_robots_txt_forbids_is_visited_under_a_ground_alone_and_counted(crawl: Crawl) -> None:
    under, without = (host.name for host in crawl.sandbox.world.hosts[:2])
    await watch(crawl, under, legal_ground="victim_request", obey_robots=False)
    await watch(crawl, without, obey_robots=False)
    async with crawl.service():
        await eventually(lambda: asked(crawl, under).disallowed)
        inbox = "SELECT visits FROM frontier WHERE host = :host AND url LIKE '%/private/inbox'"
        await eventually(lambda: not_none(crawl, inbox, host=without))
    overridden = await row(crawl, "SELECT * FROM robots_overrides")
    assert (overridden.host, overridden.legal_ground) == (under, "victim_request")
    assert overridden.visits >= asked(crawl, under).disallowed
    assert overridden.last_url == crawl.sandbox.url(under, "/private/inbox")
    assert asked(crawl, without).disallowed == 0
    async with crawl.database.transaction() as tx:
        site = await whole(tx, under)
    assert site is not None
    assert site["robots_overrides"]["victim_request"]["last_url"] == overridden.last_url
    (decision,) = (robots["decision"] for robots in site["robots"].values())
    assert decision == "not obeyed under victim_request: what its 1 rules forbid is counted"


async def test_a_pause_takes_effect_at_once_and_so_does_its_end(crawl: Crawl) -> None:
    paused, other = (host.name for host in crawl.sandbox.world.hosts[:2])
    for host in (paused, other):
        await watch(crawl, host)
    async with crawl.service():
        await eventually(lambda: {event.finding.site.host for event in crawl.found} == {paused, other})
        async with crawl.database.transaction() as tx:
            assert await set_paused(tx, Choice(hosts=[paused]), True) == [paused]
        free = "SELECT count(*) FROM hosts WHERE host = :host AND leased_until IS NULL"
        await eventually(lambda: not_none(crawl, free, host=paused))
        before = asked(crawl, paused).requests
        missed = crawl.sandbox.control.publish({"host": paused, "kind": "text"})
        for _ in range(2):  # more than one revisit long
            await eventually(crawl.all_found({crawl.sandbox.control.publish({"host": other, "kind": "text"})}))
        assert asked(crawl, paused).requests == before
        async with crawl.database.transaction() as tx:
            assert await set_paused(tx, Choice(kind=None, paused=True), False) == [paused]
        await eventually(crawl.all_found({missed}))


async def test_twenty_thousand_sites_are_entered_and_entered_again(database: Database) -> None:
    texts = [f"http://h{n}.test:8080/new,Site {n},board,KR,statutory_monitoring" for n in range(MANY)]
    sites, problems = parse_sites(["url,name,kind,country,legal_ground", *texts], "csv")
    progress: list[tuple[int, int]] = []
    await import_sites(database, sites, lambda done, of: progress.append((done, of)))
    await import_sites(database, sites[: MANY // 10])
    assert problems == []
    assert progress == [(done, MANY) for done in range(CHUNK, MANY + 1, CHUNK)]
    async with database.transaction() as tx:
        assert await count(tx, Choice(kind="board", country="KR")) == MANY
        pages = (await tx.execute(sa.text("SELECT count(*), sum(pages), min(look_at) <= now() FROM hosts"))).one()
        frontier = (await tx.execute(sa.text("SELECT count(*) FROM frontier"))).scalar()
    assert (*pages, frontier) == (MANY, MANY, True, MANY)


async def test_a_site_that_begins_elsewhere_now_has_one_beginning(database: Database) -> None:
    for start in ("http://a.test/old", "http://a.test/new"):
        await import_sites(database, [SiteLine("a.test", start, "A", "board", None, None, None, 1.0, 60.0)])
    async with database.transaction() as tx:
        rows = (await tx.execute(sa.text("SELECT url, kind, priority FROM frontier ORDER BY url"))).all()
        pages = (await tx.execute(sa.text("SELECT pages FROM hosts"))).scalar()
    assert [tuple(one) for one in rows] == [("http://a.test/new", "start", 1), ("http://a.test/old", "unknown", 2)]
    assert pages == 2


async def test_entering_a_line_that_says_nothing_of_a_pause_or_purpose_leaves_it(database: Database) -> None:
    site = SiteLine("a.test", "http://a.test/", "A", "board", None, None, None, 1.0, 60.0)
    for given, paused in ((None, False), (True, True), (None, True), (False, False)):
        await import_sites(database, [replace(site, paused=given, sole_purpose=given)])
        async with database.transaction() as tx:
            (now,) = await lines(tx)
            watched = await load_sites(tx, ["a.test"])
        assert (now.paused, now.sole_purpose, watched["a.test"].site.sole_purpose) == (paused, paused, paused)


async def test_a_visit_that_ends_after_its_site_was_removed_brings_none_of_its_pages_back(database: Database) -> None:
    sites, _ = parse_sites(["url,name", "http://a.test/,A", "http://b.test/,B"], "csv")
    await import_sites(database, sites)
    links = [
        NewLink(f"http://{name}.test/post", f"{name}.test", PageKind.UNKNOWN, priority, 1)
        for name, priority in (("a", Priority.FIRST), ("b", Priority.FIRST), ("reported", Priority.REPORT))
    ]
    async with database.transaction() as tx:
        assert await remove(tx, ["a.test"]) == ["a.test"]
        await record(tx, Results([], links), uuid4(), 10)
    async with database.transaction() as tx:
        left = (await tx.execute(sa.text("SELECT url FROM frontier ORDER BY url"))).scalars().all()
        pages = (await tx.execute(sa.text("SELECT pages FROM hosts WHERE host = 'a.test'"))).scalar()
    assert left == ["http://b.test/", "http://b.test/post", "http://reported.test/post"]
    assert pages == 0


async def test_links_of_a_site_that_was_removed_and_entered_again_are_entered_again(database: Database) -> None:
    clock = ManualClock()
    sites, _ = parse_sites(["url,name", "http://a.test/,A"], "csv")
    await import_sites(database, sites)
    known_links = KnownLinks(clock)
    found = settled(known("http://a.test/"), PageKind.INDEX, NOW, changed=True, links=(Link("http://a.test/post"),))
    for _ in range(2):
        clock.advance(FRESH_S)
        async with database.transaction() as tx:
            await known_links.refresh(tx)
        unknown = known_links.unknown([found])
        assert [link.url for link in unknown.links] == ["http://a.test/post"]
        known_links.remember(unknown)
        async with database.transaction() as tx:
            await remove(tx, ["a.test"])
        await import_sites(database, sites)
