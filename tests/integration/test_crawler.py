"""The crawler watches the sandbox: every post is found, no listing is, politely; only the broker is a twin."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.crawler.domain import PageKind, Priority
from services.crawler.frontier import ledger
from services.crawler.frontier.known_links import NewLink
from services.crawler.frontier.ledger import Results
from services.crawler.frontier.new_links import add_links
from services.crawler.registry.sites import import_sites, parse_sites
from services.crawler.visit import Visited
from shared.bus.port import Record
from shared.database import Transaction
from shared.failures import Transient
from shared.urls import MAX_URL, canonical
from tests.support.crawl import Crawl, crawling
from tests.support.poll import eventually
from tests.support.stack import Migrated

SCALE, PACE = 0.1, 30.0  # the smallest world, its forty seconds in less than two


@pytest.fixture
async def crawl(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Crawl]:
    async with crawling(migrated, tmp_path, scale=SCALE, pace=PACE) as made:
        yield made


def posts(crawl: Crawl) -> set[str]:
    return {str(row["url"]) for row in crawl.sandbox.truth.every_post() if row["status"] == "up"}


async def everything_found(crawl: Crawl) -> None:
    await eventually(lambda: crawl.sandbox.truth.as_json()["pending_timed"] == 0)
    await eventually(crawl.all_found(posts(crawl)))


async def test_every_post_is_found_once_and_no_listing_is(crawl: Crawl) -> None:
    await crawl.watch()
    async with crawl.service():
        await everything_found(crawl)
    found = Counter(event.finding.url for event in crawl.found)
    about = {crawl.sandbox.url(host.name, "/about") for host in crawl.sandbox.world.hosts}
    assert set(found) - about == posts(crawl)
    assert set(found.values()) == {1}


async def test_findings_say_what_the_posts_say(crawl: Crawl) -> None:
    """Text in every encoding, title, language, the site, and the digests of the pictures."""
    await crawl.watch()
    async with crawl.service():
        await everything_found(crawl)
    found = {event.finding.url: event for event in crawl.found}
    for post in crawl.sandbox.world.posts:
        event = found.get(crawl.sandbox.url(post.host, post.path))
        if event is None:
            continue
        host = next(host for host in crawl.sandbox.world.hosts if host.name == post.host)
        said = [*post.paragraphs, *(remark.text for remark in post.remarks)]
        assert all(" ".join(text.split()) in event.text for text in said)
        assert post.title in event.finding.title
        assert (event.finding.language, event.finding.site.kind) == (host.language, host.kind)
        assert event.finding.site.abuse_email == host.abuse_address
        assert event.capture.address == host.address
        assert len(event.finding.pictures) == (post.picture is not None)
        assert all(len(picture.pdq_dihedral) == 8 for picture in event.finding.pictures)


async def test_a_new_post_is_found_at_the_next_look(crawl: Crawl) -> None:
    await crawl.watch(revisit_s=1.0)
    async with crawl.service():
        await everything_found(crawl)
        new = {
            crawl.sandbox.control.publish({"host": host.name, "kind": kind})
            for host in crawl.sandbox.world.hosts
            for kind in ("picture", "text")
        }
        await eventually(crawl.all_found(new), 10)


async def test_requests_keep_their_distance_and_robots_txt_is_obeyed(crawl: Crawl) -> None:
    host, per_second = crawl.sandbox.world.hosts[1].name, 10.0
    await crawl.watch(pace=per_second, host=host)
    async with crawl.service():
        await eventually(lambda: len(crawl.found) >= 3)
    visits = crawl.sandbox.traffic.visits[host]["crawler"]
    assert visits.requests > 5
    assert visits.smallest_gap_s is not None
    assert visits.smallest_gap_s >= 1 / per_second
    assert visits.disallowed == 0
    assert set(crawl.sandbox.traffic.visits) == {host}


async def test_a_crawler_that_dies_loses_nothing(crawl: Crawl) -> None:
    """Everything it had in hand is due again when the leases run out; what was told is not told again."""
    await crawl.watch()
    async with crawl.service():
        await eventually(lambda: crawl.found)
    async with crawl.database.transaction() as tx:
        # As after SIGKILL: dispatched, the record consumed, nobody working on it, and its time is over.
        dead = "lease = gen_random_uuid(), leased_until = now() - interval '1 second', look_at = now()"
        await tx.execute(sa.text(f"UPDATE hosts SET {dead}"))
    async with crawl.service():
        await everything_found(crawl)
    assert set(Counter(event.finding.url for event in crawl.found).values()) == {1}


async def test_a_crash_between_telling_and_writing_down_tells_it_again_with_the_same_id(crawl: Crawl) -> None:
    host = crawl.sandbox.world.hosts[0].name
    await crawl.watch(host=host)
    async with crawl.service():
        await everything_found_on(crawl, host)
    before = {record.headers["ce_id"] for log in crawl.broker.logs("content.found") for record in log}
    async with crawl.database.transaction() as tx:
        await tx.execute(sa.text("UPDATE frontier SET last_digest = NULL, etag = NULL, last_modified = NULL"))
        await tx.execute(sa.text("UPDATE frontier SET next_at = now()"))
        await tx.execute(sa.text("UPDATE hosts SET look_at = now()"))
    async with crawl.service():
        await eventually(lambda: min(Counter(event.finding.url for event in crawl.found).values()) == 2)
    after = {record.headers["ce_id"] for log in crawl.broker.logs("content.found") for record in log}
    assert after == before


async def everything_found_on(crawl: Crawl, host: str) -> None:
    await eventually(lambda: crawl.sandbox.truth.as_json()["pending_timed"] == 0)
    await eventually(crawl.all_found({url for url in posts(crawl) if f"//{host}:" in url}))


async def test_what_did_not_change_is_not_told_again(crawl: Crawl) -> None:
    host = crawl.sandbox.world.hosts[0].name
    await crawl.watch(host=host)
    async with crawl.service():
        await everything_found_on(crawl, host)
    told = len(crawl.found)
    async with crawl.database.transaction() as tx:
        await tx.execute(sa.text("UPDATE frontier SET next_at = now(), etag = NULL, last_modified = NULL"))
        await tx.execute(sa.text("UPDATE hosts SET look_at = now()"))
    async with crawl.service():
        await eventually(lambda: visits_of_content(crawl, 2))
    assert len(crawl.found) == told


async def test_a_visit_that_is_dispatched_twice_is_made_once(crawl: Crawl) -> None:
    host = crawl.sandbox.world.hosts[0].name
    await eventually(lambda: crawl.sandbox.truth.as_json()["pending_timed"] == 0)
    await crawl.watch(host=host, revisit_s=1_000)
    async with crawl.service():
        await everything_found_on(crawl, host)
        await eventually(lambda: visits_of_content(crawl, 1))
        dispatched = [record for log in crawl.broker.logs("crawl.due") for record in log]
        await crawl.broker.produce([Record(one.topic, one.key, one.value, one.headers) for one in dispatched])
        offsets = crawl.broker.groups["crawler.hot"].offsets
        await eventually(lambda: sum(offsets.values()) >= 2 * len(dispatched))
    assert await visits_of_content(crawl, 1)


async def visits_of_content(crawl: Crawl, times: int) -> bool:
    """Whether every page of content was visited so often."""
    async with crawl.database.transaction() as tx:
        counted = sa.text("SELECT min(visits), max(visits) FROM frontier WHERE kind = 'content'")
        return tuple((await tx.execute(counted)).one()) == (times, times)


async def test_a_broker_that_is_away_loses_nothing(crawl: Crawl) -> None:
    await crawl.watch()
    async with crawl.service():
        await eventually(lambda: crawl.found)
        crawl.broker.fail_produces(3)
        await everything_found(crawl)


async def test_what_could_not_be_told_before_a_stop_is_told_after_it(
    crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told first, written down second: the other way round, these posts would be known and never told."""
    produce, refused = crawl.broker.produce, list[Record]()

    async def refuse_findings(records: Sequence[Record]) -> None:
        if any(record.topic == "content.found" for record in records):
            refused.extend(records)
            raise Transient("refused by this test")
        await produce(records)

    await crawl.watch()
    with monkeypatch.context() as faults:
        faults.setattr(crawl.broker, "produce", refuse_findings)
        async with crawl.service():
            await eventually(lambda: refused)
    assert not crawl.found
    async with crawl.service():
        await everything_found(crawl)


async def test_a_site_that_is_paused_is_left_alone(crawl: Crawl) -> None:
    paused, other = (host.name for host in crawl.sandbox.world.hosts[:2])
    await crawl.watch()
    async with crawl.database.transaction() as tx:
        await tx.execute(sa.text("UPDATE sites SET paused = true WHERE host = :host"), {"host": paused})
    async with crawl.service():
        await everything_found_on(crawl, other)
    assert paused not in crawl.sandbox.traffic.visits


async def test_a_site_has_no_more_pages_than_it_may(crawl: Crawl) -> None:
    await crawl.watch()
    async with crawl.service(max_pages_per_site=6):
        await eventually(lambda: len(crawl.found) >= 10)
    async with crawl.database.transaction() as tx:
        counted = sa.text("SELECT host, count(*), max(pages) FROM frontier JOIN hosts USING (host) GROUP BY host")
        rows = (await tx.execute(counted)).all()
    assert max(count for _, count, _ in rows) == 6
    assert all(count == pages for _, count, pages in rows)


async def test_a_page_that_cannot_be_written_down_is_put_off_and_stops_nothing(
    crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, record = min(posts(crawl)), ledger.record

    async def failing(tx: Transaction, results: Results, *more: object) -> object:
        if any(
            one.key == chosen and isinstance(one.done, Visited) and not one.done.problem for one in results.finished
        ):
            raise ZeroDivisionError
        return await record(tx, results, *more)

    monkeypatch.setattr(ledger, "record", failing)
    await crawl.watch()
    async with crawl.service():
        await everything_found(crawl)
        await eventually(lambda: problem_of(crawl, chosen))
    assert await problem_of(crawl, chosen) == ("not handled: ZeroDivisionError()", 10)


async def problem_of(crawl: Crawl, url: str) -> tuple[str, int] | None:
    query = sa.text("SELECT problem, failures FROM frontier WHERE url = :url AND problem IS NOT NULL")
    async with crawl.database.transaction() as tx:
        row = (await tx.execute(query, {"url": url})).one_or_none()
    return tuple(row) if row else None


async def test_the_longest_address_fits_into_the_frontier(crawl: Crawl) -> None:
    letters = random.Random(1).choices(string.ascii_letters, k=MAX_URL)  # no two alike: nothing to compress
    longest = canonical("http://a.test/" + "".join(letters)[: MAX_URL - len("http://a.test/")])
    assert longest
    assert canonical(longest + "x") is None
    await import_sites(crawl.database, parse_sites(["url,name", "http://a.test/,A"], "csv")[0])
    async with crawl.database.transaction() as tx:
        link = NewLink(longest, "a.test", PageKind.UNKNOWN, Priority.FIRST, 1)
        assert await add_links(tx, [link], {}, 10) == []
        rest = sa.text("SELECT url FROM frontier WHERE depth = 1")
        assert (await tx.execute(rest)).scalar_one() == longest
