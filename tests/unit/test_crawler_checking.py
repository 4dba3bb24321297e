"""Removal checks against a server that lies in its own ways, on real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.crawler.asking import Asker
from services.crawler.checking import Checker, Vantage
from services.crawler.keeping import Keeper
from services.crawler.pacing import Pacer
from services.crawler.picture_box import PictureBox
from services.crawler.visit import Check, Checked
from shared.clock import SystemClock
from shared.events.values import ProbeOutcome
from shared.net import Fetcher, NetSettings
from shared.settings import QuarantineSettings
from tests.support.findings import TEXT, finding, picture, picture_file
from tests.support.raw_server import RawServer, plain, raw_server


class Web:
    def __init__(self, server: RawServer, checker: Checker) -> None:
        self.server, self.checker = server, checker

    def url(self, path: str) -> str:
        return f"http://board.test:{self.server.port}{path}"

    async def check(self, *, pictures: bool = False) -> Checked:
        shown = (picture(self.url("/a.jpg")),) if pictures else ()
        found = finding(self.url("/post/1"), pictures=shown)
        return await self.checker.check(Check(uuid4(), uuid4(), 1, "board.test", found))


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.78.0.2 board.test")
    clock = SystemClock()
    async with (
        raw_server("127.78.0.2") as server,
        Fetcher(NetSettings(allowed_hosts_file=hosts, fetch_timeout_s=1)) as net,
    ):
        pacer = Pacer(clock)
        pacer.set_pace("board.test", 1_000)
        asker = Asker(net, pacer, clock)
        vantages = (Vantage("honest", "Haetae/0.1"), Vantage("browser", "Mozilla/5.0"))
        async with PictureBox(asker, Keeper(QuarantineSettings(), clock), 1_000_000, 1_000_000) as box:
            yield Web(server, Checker(asker, box, clock, vantages, 1_000_000))


async def test_gone_means_page_and_pictures_for_both(web: Web) -> None:
    checked = await web.check(pictures=True)
    assert checked.outcome is ProbeOutcome.GONE
    assert len(checked.probes) == 4


async def test_a_picture_that_stays_is_present(web: Web) -> None:
    web.server.answers["/a.jpg"] = plain(picture_file(quality=40))
    checked = await web.check(pictures=True)
    assert checked.outcome is ProbeOutcome.PRESENT


async def test_a_view_that_the_tombstone_links_to_is_looked_at(web: Web) -> None:
    tombstone = "<p>This post has been deleted.</p><a href=/>Home</a><a href=?view=print>Print</a>"
    web.server.answers["/post/1"] = plain(tombstone.encode(), "Content-Type: text/html")
    assert (await web.check()).outcome is ProbeOutcome.SOFT_404
    web.server.answers["/post/1?view=print"] = plain(f"<p>{TEXT}</p>".encode(), "Content-Type: text/html")
    checked = await web.check()
    assert checked.outcome is ProbeOutcome.PRESENT
    assert {probe.url for probe in checked.probes if probe.outcome is ProbeOutcome.PRESENT} == {
        web.url("/post/1?view=print")
    }


async def test_no_more_than_three_links_are_followed_and_none_elsewhere(web: Web) -> None:
    links = "".join(f"<a href=/l/{n}>x</a>" for n in range(9)) + "<a href=http://other.test/>y</a>"
    web.server.answers["/post/1"] = plain(links.encode(), "Content-Type: text/html")
    await web.check()
    assert len(web.server.requests) == 2 * (1 + 3)


async def test_a_redirect_to_the_front_page_is_no_removal(web: Web) -> None:
    web.server.answers["/post/1"] = plain(b"", "Location: /", status="302 Found")
    web.server.answers["/"] = plain(b"<p>Welcome</p>", "Content-Type: text/html")
    assert (await web.check()).outcome is ProbeOutcome.SOFT_404


async def test_no_cache_answers_and_nothing_is_conditional(web: Web) -> None:
    await web.check()
    for request in web.server.requests:
        assert b"Cache-Control: no-cache" in request
        assert b"If-None-Match" not in request
        assert b"If-Modified-Since" not in request


async def test_content_under_another_status_is_present(web: Web) -> None:
    web.server.answers["/post/1"] = plain(f"<p>{TEXT}</p>".encode(), "Content-Type: text/html", status="404 Not Found")
    assert (await web.check()).outcome is ProbeOutcome.PRESENT
