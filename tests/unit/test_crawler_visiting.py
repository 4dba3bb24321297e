"""One visit on real sockets: what the frontier keeps of answers that are no content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.crawler.domain import PageKind, Priority
from services.crawler.frontier.pacing import Pacer
from services.crawler.pages.page_reader import PageReader
from services.crawler.pictures.keeping import Keeper
from services.crawler.pictures.picture_box import PictureBox
from services.crawler.visit import Known, Link, Visited, Watched
from services.crawler.visits.absence import Absence, likeness
from services.crawler.visits.asking import Asker
from services.crawler.visits.describing import Describer
from services.crawler.visits.rendering import Renderer
from services.crawler.visits.sight import Sight
from services.crawler.visits.visiting import Visitor
from shared.browser import Chromium
from shared.clock import SystemClock
from shared.events import ContentFound
from shared.events.values import Site, SiteKind
from shared.net import Fetcher, NetSettings
from shared.settings import QuarantineSettings
from tests.support.findings import TEXT, picture_file
from tests.support.raw_server import RawServer, plain, raw_server

HTML = "Content-Type: text/html; charset=utf-8"
SHELL = b"<title>Board</title><div id=root></div><script src=/app.js></script><noscript>Enable JavaScript</noscript>"


@dataclass
class Web:
    server: RawServer
    visitor: Visitor

    def url(self, path: str) -> str:
        return f"http://board.test:{self.server.port}{path}"

    def serve(self, path: str, body: str | bytes, *headers: str, status: str = "200 OK") -> None:
        body = body if isinstance(body, bytes) else body.encode()
        self.server.answers[path] = plain(body, *(headers or (HTML,)), status=status)

    def known(self, path: str, **changes: object) -> Known:
        site = Site(host="board.test", name="Board", kind=SiteKind.BOARD)
        watched = Watched(site, 1_000, 300, obey_robots=True)
        at = datetime(2026, 11, 22, tzinfo=UTC)
        known = Known(self.url(path), PageKind.UNKNOWN, at, 0.0, None, None, None, 0, watched)
        return replace(known, **changes)  # type: ignore[arg-type]  # a test names the fields

    async def visit(self, path: str, **changes: object) -> Visited:
        return await self.visitor.visit(self.known(path, **changes))

    def asked(self) -> list[str]:
        return [request.split(b" ")[1].decode() for request in self.server.requests]


@asynccontextmanager
async def a_web(folder: Path) -> AsyncIterator[Web]:
    (folder / "hosts").write_text("127.78.0.6 board.test")
    clock = SystemClock()

    async def digest_of(url: str) -> str | None:
        return None

    async with (
        raw_server("127.78.0.6") as server,
        Fetcher(NetSettings(allowed_hosts_file=folder / "hosts", fetch_timeout_s=2)) as net,
    ):
        pacer = Pacer(clock)
        pacer.set_pace("board.test", 1_000)
        asker = Asker(net, pacer, clock)
        renderer = Renderer(asker, Chromium(Path("/nowhere"), 1), 0, clock)
        keeper = Keeper(QuarantineSettings(), clock)
        async with PictureBox(asker, keeper, clock, 1_000_000, 1_000_000) as box, PageReader() as pages:
            sight = Sight(pages, renderer, Absence(asker, pages, clock, lambda: "no-such-page"), "Haetae/0.1")
            yield Web(server, Visitor(asker, sight, Describer(box, clock, "Haetae/0.1", digest_of), clock))


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with a_web(tmp_path) as made:
        yield made


def waits_s(visited: Visited) -> float:
    return (visited.next_at - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize(
    ("body", "status", "problem", "page_s", "host_s"),
    [
        ("<h1>Log in</h1><form><input type=password></form>", "200 OK", "wall: login — ", 12 * 3600, 0),
        ("<p>Please complete the captcha</p><div id=px-captcha>", "403 Forbidden", "wall: captcha — ", 6 * 3600, 3600),
        ("<p>Not available in your country</p>", "403 Forbidden", "wall: geo_block — ", 12 * 3600, 2 * 3600),
        ("", "429 Too Many Requests", "wall: rate_limit — ", 1200, 600),
        ("<p>board.test is for sale. Buy this domain.</p>", "200 OK", "wall: parked — ", 3 * 86400, 6 * 3600),
    ],
)
async def test_walls(web: Web, body: str, status: str, problem: str, page_s: float, host_s: float) -> None:
    web.serve("/post/1", body, status=status)
    visited = await web.visit("/post/1", last_digest="d", etag='"1"')
    assert (visited.problem or "").startswith(problem)
    assert (visited.found, visited.links, visited.failures, visited.digest) == ((), (), 1, "d")
    assert waits_s(visited) == pytest.approx(page_s, abs=60)
    assert visited.hold_off_s == host_s
    assert visited.status == int(status[:3])


async def test_a_redirect_to_the_log_in_page_is_not_followed(web: Web) -> None:
    web.serve("/post/1", "", "Location: /login?next=/post/1", status="302 Found")
    visited = await web.visit("/post/1")
    assert (visited.problem or "").startswith("wall: login")
    assert visited.links == ()
    web.serve("/post/2", "", "Location: /post/2-evening", status="302 Found")
    assert [link.url for link in (await web.visit("/post/2")).links] == [web.url("/post/2-evening")]


async def test_a_page_that_says_it_is_not_there_is_gone(web: Web) -> None:
    web.serve("/post/1", "<title>Page not found</title><p>Nothing here.</p>")
    visited = await web.visit("/post/1")
    assert visited.kind is PageKind.GONE
    assert (visited.problem or "").startswith("wall: soft_404")
    assert visited.found == ()


async def test_a_page_like_those_that_cannot_be_there_is_gone(web: Web) -> None:
    nothing = "<title>Board</title><p>Sorry, the keeper of the lanterns has nothing for you at this place today.</p>"
    web.serve("/no-such-page", nothing)
    web.serve("/post/1", nothing)
    web.serve("/post/2", f"<title>Board</title><p>{TEXT}</p>")
    assert ((await web.visit("/post/1")).problem or "").endswith("the same where nothing can be")
    assert (await web.visit("/post/2")).kind is PageKind.CONTENT
    assert web.asked().count("/no-such-page") == 1


async def test_an_honest_host_is_asked_once(web: Web) -> None:
    for number in range(3):
        web.serve(f"/post/{number}", f"<p>{TEXT} {number}</p>")
        assert (await web.visit(f"/post/{number}")).kind is PageKind.CONTENT
    assert web.asked().count("/no-such-page") == 1


async def test_an_empty_shell_is_said_to_need_a_browser(web: Web) -> None:
    web.serve("/post/1", SHELL)
    visited = await web.visit("/post/1", etag='"1"')
    assert "needs a browser, and HAETAE_RENDERERS is 0" in (visited.problem or "")
    assert (visited.kind, visited.found, visited.etag) == (PageKind.INDEX, (), None)


async def test_a_site_that_needs_a_browser_is_asked_for_whole_pages(web: Web) -> None:
    web.serve("/post/1", SHELL)
    known = web.known("/post/1", etag='"1"', last_modified="yesterday")
    await web.visitor.visit(replace(known, watched=replace(known.watched, renders=True)))
    assert b"If-None-Match" not in web.server.requests[-1]
    await web.visitor.visit(known)
    assert b"If-None-Match" in web.server.requests[-1]


async def test_what_needs_no_browser_is_content_where_there_is_none(web: Web) -> None:
    web.serve("/post/1", f"<p>{TEXT}</p>")
    known = web.known("/post/1")
    visited = await web.visitor.visit(replace(known, watched=replace(known.watched, renders=True)))
    assert len(visited.found) == 1
    assert "HAETAE_RENDERERS is 0" in (visited.problem or "")


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable"])
async def test_a_broken_server_is_the_hosts_fault(web: Web, status: str) -> None:
    web.serve("/post/1", "<p>broken</p>", status=status)
    visited = await web.visit("/post/1")
    assert (visited.silent, visited.failures, visited.problem) == (True, 1, f"status {status[:3]}")


async def test_no_answer_and_a_page_that_is_gone(web: Web) -> None:
    visited = await web.visitor.visit(replace(web.known("/x"), url="http://board.test:1/x"))
    assert (visited.silent, visited.status) == (True, None)
    visited = await web.visit("/not-there")
    assert (visited.kind, visited.problem, visited.silent, visited.status) == (PageKind.GONE, "status 404", False, 404)


async def test_a_long_page_is_read_up_to_the_limit(tmp_path: Path) -> None:
    async with a_web(tmp_path) as web:
        web.serve("/post/1", f"<p>{TEXT}</p>".encode() + b"<!-- " + bytes(3 * 1024 * 1024))
        visited = await web.visit("/post/1")
    (found,) = visited.found
    assert isinstance(found, ContentFound)
    assert TEXT in found.text
    assert visited.bytes == 2 * 1024 * 1024


async def test_pictures_and_the_ground_of_the_visit_are_told(web: Web) -> None:
    web.serve("/post/1", f"<p>{TEXT}</p><img src=/1.jpg>")
    web.serve("/1.jpg", picture_file(), "Content-Type: image/jpeg")
    (found,) = (await web.visit("/post/1")).found
    assert isinstance(found, ContentFound)
    assert [picture.url for picture in found.finding.pictures] == [web.url("/1.jpg")]
    assert (found.legal_ground, found.rendered) == ("public", False)


async def test_other_views_of_a_page_of_content_come_last(web: Web) -> None:
    web.serve("/post/1", f"<p>{TEXT}</p><a href='?view=print'>print</a><a href=/post/2>next</a>")
    links = {link.url: link.priority for link in (await web.visit("/post/1")).links}
    assert links == {web.url("/post/1?view=print"): Priority.ASIDE, web.url("/post/2"): Priority.FIRST}


def test_likeness() -> None:
    assert likeness("nothingishere", "nothingishere") == 1.0
    assert likeness("nothingishere", "somethingelse") < 0.3
    assert likeness("", "") == likeness("", "abcdef") == 0.0 or likeness("", "") == 1.0


async def test_a_robots_txt_that_lies_with_a_host_that_rests_puts_the_page_off(web: Web) -> None:
    """Else its address would be due at once, for ever."""
    web.server.answers["/robots.txt"] = plain(b"", "Location: http://other.test/robots.txt", status="302 Found")
    web.visitor.asker.pacer.hold_off("other.test", 3_600.0)
    visited = await web.visit("/post/1", failures=2)
    assert (visited.failures, visited.silent) == (3, False)
    assert "other.test is left alone" in (visited.problem or "")


async def test_where_a_report_or_the_site_s_beginning_leads_is_one_too(web: Web) -> None:
    web.server.answers["/old"] = plain(b"", "Location: /new", status="301 Moved Permanently")
    visited = await web.visit("/old", priority=Priority.REPORT)
    assert visited.links == (Link(web.url("/new"), priority=Priority.REPORT),)
    visited = await web.visit("/old", kind=PageKind.START)
    assert visited.links == (Link(web.url("/new"), PageKind.START, Priority.LISTING),)
    again = await web.visit("/old", kind=PageKind.START, last_digest=visited.digest)
    assert again.links == (Link(web.url("/new")),)


async def test_a_page_whose_picture_is_gone_for_good_is_not_looked_at_every_minute(web: Web) -> None:
    web.serve("/post/1", f"<p>{TEXT}</p><img src=/missing.jpg>", HTML, 'ETag: "1"')
    first = await web.visit("/post/1")
    assert (waits_s(first) <= 60, first.etag) == (True, None)
    again = await web.visit("/post/1", last_digest=first.digest, interval_s=first.interval_s)
    assert waits_s(again) >= 600
    assert (again.etag, again.problem) == (None, first.problem)


async def test_the_feed_of_every_post_is_another_view_of_it(web: Web) -> None:
    feed = "<link rel=alternate type=application/rss+xml href=/post/1/feed>"
    web.serve("/post/1", f"<head>{feed}</head><p>{TEXT}</p>")
    assert (await web.visit("/post/1")).links[0] == Link(web.url("/post/1/feed"), PageKind.FEED, Priority.ASIDE)
    assert (await web.visit("/post/1", kind=PageKind.START)).links[0].priority is Priority.LISTING


async def test_a_feed_that_lists_the_same_is_unchanged(web: Web) -> None:
    listed = "<rss><channel><item><link>http://board.test/1</link></item>{}</channel></rss>"
    web.serve("/feed", listed.format("<date>9:00</date>"), "Content-Type: application/rss+xml")
    first = await web.visit("/feed", kind=PageKind.FEED, interval_s=300.0)
    web.serve("/feed", listed.format("<date>9:01</date>"), "Content-Type: application/rss+xml")
    again = await web.visit("/feed", kind=PageKind.FEED, interval_s=300.0, last_digest=first.digest)
    assert (first.interval_s, again.interval_s) == (300.0, 600.0)
