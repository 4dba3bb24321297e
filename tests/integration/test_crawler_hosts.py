"""The crawler and hosts that refuse, are dead, are full, or are not listed: the service on real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.crawler.app import app
from services.crawler.domain import DAY_S
from services.crawler.frontier.pace import FAILURES_THAT_BREAK
from services.crawler.frontier.reports import add_report
from services.crawler.registry.site_lines import SiteLine
from services.crawler.registry.sites import import_sites
from services.crawler.settings import Settings
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.failures import Rejected
from tests.support.poll import eventually
from tests.support.raw_server import RawServer, plain, raw_server
from tests.support.service import running
from tests.support.stack import Migrated

ADDRESS = "127.78.0.9"
HTML = "Content-Type: text/html"


class Web:
    """One server for all hosts, and the crawler's tables."""

    def __init__(self, server: RawServer, database: Database, settings: Settings) -> None:
        self.server, self.database, self.settings = server, database, settings

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.server.port}{path}"

    async def watch(self, host: str, **more: Any) -> None:
        line = SiteLine(host, self.url(host), host, "board", None, None, None, 100.0, 1_000.0)
        await import_sites(self.database, [replace(line, **more)])

    async def rows(self, statement: str, **values: object) -> list[Any]:
        async with self.database.transaction() as tx:
            return list((await tx.execute(sa.text(statement), values)).all())

    async def host(self, name: str = "a.test") -> Any:
        free = (
            "extract(epoch FROM next_allowed_at - now())::float AS wait_s, leased_until IS NULL AS is_free,"
            " extract(epoch FROM hold_off_until - now())::float AS rests_s"
        )
        (row,) = await self.rows(f"SELECT *, {free} FROM hosts WHERE host = :host", host=name)
        return row

    def asked(self, host: str) -> list[str]:
        mine = [request for request in self.server.requests if f"Host: {host}".encode().lower() in request.lower()]
        return [request.split(b" ")[1].decode() for request in mine]

    @asynccontextmanager
    async def crawling(self, **more: object) -> AsyncIterator[None]:
        settings = self.settings.model_copy(update=more)
        async with running(app(settings), MemoryBroker(), self.database, drain_seconds=5):
            yield


@pytest.fixture
async def web(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Web]:
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{ADDRESS} a.test b.test pictures.test\n127.78.0.8 dead.test\n")
    dsn = migrated.dsn_for("crawler")
    given = {"database_url": dsn, "kafka_bootstrap": "unused", "allowed_hosts_file": str(hosts)}
    database = Database(dsn, "/haetae/crawler")
    async with raw_server(ADDRESS) as server:
        yield Web(server, database, Settings.model_validate(given))
    await database.close()


def page(*links: str) -> bytes:
    return plain("".join(f'<p><a href="{link}">{link}</a></p>' for link in links).encode(), HTML)


async def test_a_host_that_says_when_to_come_again_is_left_alone_until_then(web: Web) -> None:
    web.server.answers["/"] = page("/1", "/2", "/3")
    web.server.answers["/1"] = web.server.answers["/2"] = plain(b"", "Retry-After: 900", status="429 Too Many Requests")
    await web.watch("a.test")
    await web.watch("b.test")
    async with web.crawling():
        await eventually(lambda: {"/1", "/2"} & set(web.asked("a.test")))

        async def is_let_go() -> bool:
            row = await web.host()
            return bool(row.is_free and row.hold_off_until)

        await eventually(is_let_go)
    row = await web.host()
    assert 850 < row.wait_s <= 900
    assert len({"/1", "/2", "/3"} & set(web.asked("a.test"))) == 1
    (left,) = await web.rows("SELECT count(*) FROM frontier WHERE host = 'a.test' AND visits = 0 AND failures = 0")
    assert left.count == 2


async def test_a_dead_host_is_broken_and_its_addresses_only_wait(web: Web) -> None:
    await web.watch("dead.test", start_url="http://dead.test:9/")
    addresses = [f"http://dead.test:9/{number}" for number in range(20)]
    async with web.database.transaction() as tx:
        for url in addresses:
            await tx.execute(
                sa.text(
                    "INSERT INTO frontier (url, host, kind, priority, next_at)"
                    " VALUES (:url, 'dead.test', 'unknown', 2, now())"
                ),
                {"url": url},
            )
    async with web.crawling():

        async def is_broken() -> bool:
            row = await web.host("dead.test")
            return bool(row.failures >= FAILURES_THAT_BREAK and row.is_free)

        await eventually(is_broken)
    row = await web.host("dead.test")
    assert 30 < row.rests_s <= 120
    assert row.wait_s < 30, "a check or a report may come"
    assert row.failed == row.visits == row.failures <= FAILURES_THAT_BREAK + 1
    assert row.problem
    (failed,) = await web.rows("SELECT count(*) FROM frontier WHERE failures > 0")
    assert failed.count <= FAILURES_THAT_BREAK + 1


async def test_a_site_is_visited_no_more_than_its_budget_allows(web: Web) -> None:
    web.server.answers["/"] = page(*(f"/{number}" for number in range(20)))
    await web.watch("a.test", visits_per_day=4)
    async with web.crawling():

        async def is_spent() -> bool:
            row = await web.host()
            return bool(row.day_visits >= 4 and row.is_free)

        await eventually(is_spent)
        async with web.database.transaction() as tx:
            await add_report(tx, web.url("a.test", "/reported"))
        await eventually(lambda: "/reported" in web.asked("a.test"))
    visited = [path for path in web.asked("a.test") if path not in ("/robots.txt", "/reported")]
    assert len(visited) == 4


async def test_a_reported_address_is_visited_first_and_on_hosts_that_nobody_listed(web: Web) -> None:
    web.server.answers["/seen"] = page("/from-there")
    async with web.crawling():
        async with web.database.transaction() as tx:
            assert await add_report(tx, web.url("B.test", "/seen#part")) == web.url("b.test", "/seen")

        async def is_visited() -> bool:
            return bool((await web.host("b.test")).visits)

        await eventually(is_visited)
    assert "/from-there" not in web.asked("b.test")


async def test_a_report_is_followed_to_a_host_that_nobody_listed(web: Web) -> None:
    web.server.answers["/seen"] = plain(b"", f"Location: {web.url('b.test', '/moved')}", status="301 Moved Permanently")
    web.server.answers["/moved"] = page()
    await web.watch("a.test")
    async with web.crawling():
        async with web.database.transaction() as tx:
            await add_report(tx, web.url("a.test", "/seen"))
        await eventually(lambda: "/moved" in web.asked("b.test"))


async def test_what_is_no_address_cannot_be_reported(web: Web) -> None:
    async with web.database.transaction() as tx:
        with pytest.raises(Rejected, match="give one that begins with http"):
            await add_report(tx, "b.test/seen")


async def test_a_full_site_gives_up_what_is_deepest_and_was_never_visited(web: Web) -> None:
    """An archive without end must not keep out what the front page shows."""
    web.server.answers["/"] = page("/new/1", "/new/2")
    web.server.answers["/new/1"] = web.server.answers["/new/2"] = page()
    await web.watch("a.test")
    async with web.database.transaction() as tx:
        for number in range(9):
            await tx.execute(
                sa.text(
                    "INSERT INTO frontier (url, host, kind, priority, depth, next_at)"
                    " VALUES (:url, 'a.test', 'unknown', 2, :depth, now() + interval '1 day')"
                ),
                {"url": web.url("a.test", f"/deep/{number}"), "depth": 10 + number},
            )
        await tx.execute(sa.text("UPDATE hosts SET pages = 10"))
    async with web.crawling(max_pages_per_site=10):
        await eventually(lambda: {"/new/1", "/new/2"} <= set(web.asked("a.test")))
    rows = await web.rows("SELECT url FROM frontier WHERE depth >= 10 ORDER BY depth")
    assert [row.url for row in rows] == [web.url("a.test", f"/deep/{number}") for number in range(7)]
    (counted,) = await web.rows("SELECT count(*), max(pages) AS pages FROM frontier JOIN hosts USING (host)")
    assert counted.count == counted.pages == 10


async def test_a_full_site_that_was_visited_whole_makes_room_for_what_is_new(web: Web) -> None:
    """A board that is older than its room has no address that was never visited; its newest posts are the point."""
    web.server.answers["/"] = page("/new/1", "/new/2", "/known")
    web.server.answers["/new/1"] = web.server.answers["/new/2"] = page()
    await web.watch("a.test")
    old = {"known": (1, 600.0), "day": (5, 600.0), "gone": (1, 600.0), "still": (1, DAY_S), "report": (9, DAY_S)}
    async with web.database.transaction() as tx:
        for name, (depth, interval_s) in old.items():
            await tx.execute(
                sa.text(
                    "INSERT INTO frontier (url, host, kind, priority, depth, next_at, visits, interval_s)"
                    " VALUES (:url, 'a.test', :kind, :priority, :depth, now() + interval '1 day', 1, :interval_s)"
                ),
                {
                    "url": web.url("a.test", f"/{name}"), "depth": depth, "interval_s": interval_s,
                    "kind": "gone" if name == "gone" else "content", "priority": 0 if name == "report" else 3,
                },
            )  # fmt: skip
        await tx.execute(sa.text("UPDATE hosts SET pages = 6"))
    async with web.crawling(max_pages_per_site=6):
        await eventually(lambda: {"/new/1", "/new/2"} <= set(web.asked("a.test")))
    rows = await web.rows("SELECT url FROM frontier")
    assert {row.url.rpartition("/")[2] for row in rows} == {"", "1", "2", "known", "still", "report"}
    (counted,) = await web.rows("SELECT count(*), max(pages) AS pages FROM frontier JOIN hosts USING (host)")
    assert counted.count == counted.pages == 6


async def test_what_a_host_was_asked_is_counted(web: Web) -> None:
    text = "The lantern parcel waits at gate seven, and the boat leaves when the tide turns. " * 3
    web.server.answers["/"] = page("/post", "/missing")
    web.server.answers["/post"] = plain(f"<h1>Lantern</h1><p>{text}</p>".encode(), HTML)
    await web.watch("a.test")
    async with web.crawling():

        async def all_visited() -> bool:
            row = await web.host()
            return bool(row.visits == 3 and row.is_free)

        await eventually(all_visited)
    row = await web.host()
    assert (row.visits, row.found, row.failed, row.failures, row.problem) == (3, 1, 0, 0, None)
    assert row.bytes > len(text)
    assert row.last_found_at
    assert row.last_visit_at >= row.last_found_at
