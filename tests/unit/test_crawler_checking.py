"""Removal checks against a server that lies in its own ways, on real sockets."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from services.crawler.frontier.pacing import NotNow, Pacer
from services.crawler.pages.page_reader import PageReader
from services.crawler.pictures.keeping import Keeper
from services.crawler.pictures.picture_box import PictureBox
from services.crawler.registry.ways import Ways
from services.crawler.removals.checking import Checker
from services.crawler.removals.vantage import Vantage
from services.crawler.removals.viewing import Tools
from services.crawler.visit import Check, Checked, Watched
from services.crawler.visits.asking import Asker
from services.crawler.visits.rendering import Renderer
from shared.browser import Chromium
from shared.clock import SystemClock
from shared.events.values import Probe, ProbeOutcome, SiteKind, Video
from shared.events.values import Site as Watch
from shared.net import Fetcher, NetSettings
from shared.net.exits import read_exits
from shared.settings import QuarantineSettings
from tests.support.findings import TEXT, finding, picture, picture_file
from tests.support.proxies import ProxyPeer, proxy_peer
from tests.support.raw_server import RawServer, plain, raw_server


class Web:
    def __init__(self, server: RawServer, checker: Checker) -> None:
        self.server, self.checker = server, checker

    def url(self, path: str) -> str:
        return f"http://board.test:{self.server.port}{path}"

    def html(self, path: str, body: str, status: str = "200 OK") -> None:
        self.server.answers[path] = plain(body.encode(), "Content-Type: text/html", status=status)

    async def check(
        self, *, pictures: bool = False, videos: tuple[Video, ...] = (), watched: Watched | None = None
    ) -> Checked:
        shown = (picture(self.url("/a.jpg")),) if pictures else ()
        found = finding(self.url("/post/1"), pictures=shown).model_copy(update={"videos": videos})
        return await self.checker.check(Check(uuid4(), uuid4(), 1, found, watched))


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with a_web(tmp_path) as made:
        yield made


@asynccontextmanager
async def a_web(
    folder: Path,
    exits: str = "",
    exit: str | None = None,
    apart: timedelta = timedelta(),
    max_page_bytes: int = 1_000_000,
) -> AsyncIterator[Web]:
    hosts, exits_file = folder / "hosts", folder / "exits"
    exits_file.write_text(exits)
    hosts.write_text("127.78.0.2 board.test")
    clock = SystemClock()
    async with (
        raw_server("127.78.0.2") as server,
        Fetcher(
            NetSettings(
                allowed_hosts_file=hosts, exits_file=exits_file, fetch_timeout_s=1, max_page_bytes=max_page_bytes
            )
        ) as fetcher,
    ):
        pacer = Pacer(clock)
        pacer.set_pace("board.test", 1_000)
        asker = Asker(fetcher, pacer, clock, Ways(read_exits(exits_file)))
        renderer = Renderer(asker, Chromium(None, 1), 1, clock)
        keeper = Keeper(QuarantineSettings(), clock)
        async with PictureBox(asker, keeper, clock, 1_000_000, 1_000_000) as box, PageReader() as pages, renderer:
            tools = Tools(pages, box, renderer, 1_000_000, 1_000_000)
            vantages = (Vantage("honest", "Haetae/0.1"), Vantage("browser", "Mozilla/5.0", exit, draws=True))
            yield Web(server, Checker(asker, tools, vantages, clock, apart))


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


async def test_a_picture_at_a_new_address_on_the_tombstone_is_found(web: Web) -> None:
    web.html("/post/1", "<p>Gone</p><img src=/logo.png><img src=/hidden/b.jpg>", "404 Not Found")
    assert (await web.check(pictures=True)).outcome is ProbeOutcome.GONE
    web.server.answers["/hidden/b.jpg"] = plain(picture_file(size=200, quality=60))
    checked = await web.check(pictures=True)
    assert checked.outcome is ProbeOutcome.PRESENT
    assert any("/hidden/b.jpg" in probe.why for probe in checked.probes)


async def test_another_view_of_a_tombstone_is_looked_at_and_no_other_post_of_its_path(web: Web) -> None:
    links = "<a href=?id=2>next</a><a href='?id=1&page=2'>more</a>"
    web.html("/view?id=1", f"<p>Gone</p>{links}", "404 Not Found")
    web.html("/view?id=2", f"<p>{TEXT}</p>")
    check = Check(uuid4(), uuid4(), 1, finding(web.url("/view?id=1")))
    assert (await web.checker.check(check)).outcome is ProbeOutcome.GONE
    web.html("/view?id=1&page=2", f"<p>{TEXT}</p>")
    assert (await web.checker.check(check)).outcome is ProbeOutcome.PRESENT


async def test_a_picture_that_moved_into_the_page_is_found(web: Web) -> None:
    inside = b64encode(picture_file()).decode()
    web.html("/post/1", f'<p>Gone</p><img src="data:image/jpeg;base64,{inside}">', "410 Gone")
    assert (await web.check(pictures=True)).outcome is ProbeOutcome.PRESENT


async def test_of_a_page_full_of_pictures_few_are_looked_at(web: Web) -> None:
    web.html("/post/1", "<p>Gone</p>" + "".join(f"<img src=/n/{n}.jpg>" for n in range(20)), "404 Not Found")
    await web.check(pictures=True)
    assert len([request for request in web.server.requests if b" /n/" in request]) == 2 * 4


async def test_a_picture_in_the_page_is_not_asked_for(web: Web) -> None:
    wanted = picture(web.url("/post/1#inline-0123456789abcdef"))
    found = finding(web.url("/post/1"), pictures=(wanted,))
    checked = await web.checker.check(Check(uuid4(), uuid4(), 1, found))
    assert {probe.url for probe in checked.probes} == {web.url("/post/1")}


async def test_another_post_in_its_place_is_said(web: Web) -> None:
    web.html("/post/1", "<p>The harbour market opens on Monday with fresh bread, and everybody is welcome.</p>")
    assert (await web.check()).outcome is ProbeOutcome.REPLACED


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
async def test_a_wall_is_no_removal(web: Web, status: str) -> None:
    challenge = plain(b"<p>wait</p>", "cf-mitigated: challenge", "Content-Type: text/html", status=status)
    web.server.answers["/post/1"] = challenge
    checked = await web.check()
    assert checked.outcome is ProbeOutcome.WALLED
    assert "captcha" in checked.probes[0].why


async def test_a_redirect_to_the_log_in_page_is_no_removal(web: Web) -> None:
    web.server.answers["/post/1"] = plain(b"", "Location: /login?next=/post/1", status="302 Found")
    web.html("/login?next=/post/1", "<h1>Log in</h1><input type=password>")
    assert (await web.check()).outcome is ProbeOutcome.WALLED


async def test_a_tombstone_that_asks_to_log_in_for_more_is_one(web: Web) -> None:
    web.html("/post/1", "<p>Not found. Log in to view more.</p><form><input type=password></form>", "404 Not Found")
    assert (await web.check()).outcome is ProbeOutcome.GONE


async def test_videos_are_asked_for(web: Web) -> None:
    body = b"stand-in for a video"
    video = Video(url=web.url("/a.mp4"), sha256=sha256(body).hexdigest(), bytes=len(body))
    web.server.answers["/a.mp4"] = plain(body)
    assert (await web.check(videos=(video,))).outcome is ProbeOutcome.PRESENT
    cut = video.model_copy(update={"bytes": 8, "sha256": sha256(body[:8]).hexdigest(), "cut": True})
    assert (await web.check(videos=(cut,))).outcome is ProbeOutcome.PRESENT
    del web.server.answers["/a.mp4"]
    assert (await web.check(videos=(video,))).outcome is ProbeOutcome.GONE


async def test_each_probe_carries_its_proof(web: Web) -> None:
    probe = (await web.check()).probes[0]
    assert (probe.address, probe.sha256, probe.method) == ("127.78.0.2", sha256(b"none").hexdigest(), "http")
    assert probe.seen_at is not None


def drawn(checked: Checked) -> list[Probe]:
    return [probe for probe in checked.probes if probe.method == "browser"]


async def test_where_scripts_write_the_page_a_browser_looks_too(web: Web) -> None:
    site = Watch(host="board.test", name="Board", kind=SiteKind.BOARD)
    watched = Watched(site, 1_000, 300, obey_robots=True, renders=True)
    shell = "<div id=app></div><script>app.textContent = {}</script>"
    web.html("/post/1", shell.format(f"'{TEXT}'"), "404 Not Found")
    checked = await web.check(watched=watched)
    assert checked.outcome is ProbeOutcome.SOFT_404
    assert "another visitor is answered differently" in drawn(checked)[0].why
    web.html("/post/1", shell.format("'Nothing here'"), "404 Not Found")
    checked = await web.check(watched=watched)
    assert checked.outcome is ProbeOutcome.GONE
    assert [probe.outcome for probe in drawn(checked)] == [ProbeOutcome.GONE]
    web.html("/post/1", "<script>for (;;) ;</script>", "404 Not Found")
    assert (await web.check()).outcome is ProbeOutcome.GONE
    web.html("/post/1", f"<p>Deleted.</p><script>document.body.innerHTML = '{TEXT}'</script>", "404 Not Found")
    assert len(drawn(await web.check())) == 1


async def test_gone_through_two_exits_is_gone_at_once(tmp_path: Path) -> None:
    hour = timedelta(hours=1)
    async with a_web(tmp_path, apart=hour) as web:
        assert (await web.check(pictures=True)).again_at is not None
    async with proxy_peer("connect", ProxyPeer(), "127.78.0.7") as proxy:
        line = f"kr http://127.78.0.7:{proxy.port}"
        async with a_web(tmp_path, line, "kr", apart=hour) as web:
            checked = await web.check(pictures=True)
    assert (checked.outcome, checked.again_at) == (ProbeOutcome.GONE, None)
    assert {(probe.vantage, probe.exit) for probe in checked.probes} == {("honest", ""), ("browser", "kr")}
    assert proxy.asked


async def test_a_page_that_cannot_be_read_proves_nothing(web: Web) -> None:
    roots = "".join(f"<html a{n}=1>" for n in range(100_000))  # each merges into the first: their square in time
    web.html("/post/1", roots, "404 Not Found")
    checked = await web.check()
    assert checked.outcome is ProbeOutcome.UNREACHABLE
    assert "markup bomb" in checked.probes[0].why


async def test_a_tombstone_too_long_to_be_read_whole_is_no_removal(tmp_path: Path) -> None:
    """Whoever sends megabytes of it may show the content below."""
    async with a_web(tmp_path, max_page_bytes=1_000) as web:
        web.html("/post/1", f"<p>Gone</p>{' ' * 1_000}<p>{TEXT}</p>", "404 Not Found")
        checked = await web.check()
    assert checked.outcome is ProbeOutcome.SOFT_404, checked.probes


async def test_content_in_a_frame_of_the_tombstone_is_found(web: Web) -> None:
    web.html("/post/1", f'<p>Gone</p><iframe srcdoc="&lt;p>{TEXT}"></iframe>', "404 Not Found")
    assert (await web.check()).outcome is ProbeOutcome.PRESENT
    web.html("/post/1", "<p>Gone</p><iframe src=/inside></iframe>", "404 Not Found")
    assert (await web.check()).outcome is ProbeOutcome.GONE
    web.html("/inside", f"<p>{TEXT}</p>")
    assert (await web.check()).outcome is ProbeOutcome.PRESENT


async def test_content_that_a_tombstone_leads_on_to_by_itself_is_found(web: Web) -> None:
    web.html("/post/1", '<meta http-equiv=Refresh content="0; URL=/there"><p>Gone</p>', "404 Not Found")
    web.html("/there", f"<p>{TEXT}</p>")
    assert (await web.check()).outcome is ProbeOutcome.PRESENT


async def test_the_same_exit_by_two_names_is_one(tmp_path: Path) -> None:
    """The site's own exit is the one of removal checks: nobody else has looked."""
    site = Watch(host="board.test", name="Board", kind=SiteKind.BOARD)
    watched = Watched(site, 1_000, 300, obey_robots=True, exit="kr")
    async with (
        proxy_peer("connect", ProxyPeer(), "127.78.0.7") as proxy,
        a_web(tmp_path, f"kr http://127.78.0.7:{proxy.port}", "kr", apart=timedelta(hours=1)) as web,
    ):
        checked = await web.check(watched=watched)
    assert {probe.exit for probe in checked.probes} == {"kr"}
    assert checked.again_at is not None


async def test_a_host_that_refuses_one_visitor_for_an_hour_is_answered_with_a_wall(web: Web) -> None:
    """Else whoever always says "in an hour" is never checked at all."""
    web.server.answers["/post/1"] = plain(b"", "Retry-After: 3600", status="429 Too Many Requests")
    assert (await web.check()).outcome is ProbeOutcome.WALLED
    with pytest.raises(NotNow):
        await web.check()


async def test_a_redirect_to_a_host_that_is_left_alone_is_answered(web: Web) -> None:
    web.server.answers["/post/1"] = plain(b"", f"Location: http://other.test:{web.server.port}/", status="302 Found")
    web.checker.asker.pacer.hold_off("other.test", 3_600.0)
    checked = await web.check()
    assert checked.outcome is ProbeOutcome.UNREACHABLE
    assert "other.test is left alone" in checked.probes[0].why
