"""Pages that are empty without a browser, drawn by a real Chromium."""

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.crawler.frontier.pacing import Pacer
from services.crawler.pages.reading import read_page
from services.crawler.visit import Watched
from services.crawler.visits import page_requests, rendering
from services.crawler.visits.asking import Asker
from services.crawler.visits.rendering import Renderer, Undrawn
from services.crawler.visits.scripts import FRESH_S, MOST_BYTES, Scripts
from shared.browser import Chromium
from shared.clock import ManualClock, SystemClock
from shared.events.values import Site as Watch
from shared.events.values import SiteKind
from shared.net import Fetched, Fetcher, NetSettings
from tests.support.chromium import chromium_processes
from tests.support.pages import HOST, Site, picture, site, trap

TEXT = "The lantern parcel waits at gate seven."
APP = """
const main = document.getElementById("app");
fetch("/api/post.json").then(answer => answer.json()).then(post => {
  document.title = post.title;
  main.innerHTML = `<h1>${post.title}</h1><p>${post.text}</p><img src="/media/1.jpg"><a href="/post/2">next</a>`;
});
"""
SHELL = "<link rel=stylesheet href=/style.css><div id=app></div><script type=module src=/app.js></script>"


@dataclass
class Web:
    site: Site
    asker: Asker
    renderer: Renderer
    watched: Watched

    async def draw(self, path: str, **changes: bool) -> Fetched:
        document = await self.asker.get(self.site.url(path))
        self.site.asked.clear()
        return await self.renderer.render(document, self.watched, user_agent="Haetae/0.1", **changes)


@pytest.fixture
async def web(tmp_path: Path, chromium: Chromium) -> AsyncIterator[Web]:
    clock = SystemClock()
    async with site(tmp_path) as made, Fetcher(NetSettings(allowed_hosts_file=made.hosts)) as net:
        made.page("/post/1", SHELL)
        made.pages["/app.js"] = Response(APP, media_type="text/javascript")
        made.pages["/api/post.json"] = JSONResponse({"title": "Harbour", "text": TEXT})
        made.pages["/media/1.jpg"] = Response(picture(), media_type="image/jpeg")
        pacer = Pacer(clock)
        pacer.set_pace(HOST, 1_000)
        asker = Asker(net, pacer, clock)
        watched = Watched(Watch(host=HOST, name="Lanterns", kind=SiteKind.BOARD), 1_000, 60, obey_robots=True)
        yield Web(made, asker, Renderer(asker, chromium, 1, clock), watched)


async def test_a_page_is_read_as_its_scripts_made_it(web: Web) -> None:
    drawn = await web.draw("/post/1")
    page = read_page(drawn.body, drawn.final_url, drawn.headers["content-type"])
    assert (page.title, page.is_content) == ("Harbour", True)
    assert TEXT in page.text
    assert page.pictures == (web.site.url("/media/1.jpg"),)
    assert page.links == (web.site.url("/post/2"),)
    assert sorted(web.site.paths()) == ["/api/post.json", "/app.js", "/robots.txt"]
    assert {request.headers["user-agent"] for request in web.site.asked if request.url.path != "/robots.txt"} == {
        "Haetae/0.1"
    }


async def test_scripts_are_asked_for_once_for_several_pages(web: Web) -> None:
    await web.draw("/post/1")
    web.site.page("/post/2", SHELL)
    drawn = await web.draw("/post/2")
    assert TEXT.encode() in drawn.body
    assert web.site.paths() == ["/api/post.json"]


async def test_what_robots_forbids_is_not_asked_for(web: Web) -> None:
    web.site.pages["/robots.txt"] = Response("User-agent: *\nDisallow: /api/", media_type="text/plain")
    assert TEXT.encode() not in (await web.draw("/post/1")).body
    assert "/api/post.json" not in web.site.paths()
    assert TEXT.encode() in (await web.draw("/post/1", robots=False)).body


async def test_a_page_has_a_budget_of_requests(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_requests, "MAX_REQUESTS", 5)
    asks = "for (let n = 0; n < 30; n++) fetch('/n/' + n).catch(() => 0)"
    web.site.page("/greedy", f"<p>{TEXT}</p><script>{asks}</script>")
    assert TEXT.encode() in (await web.draw("/greedy")).body
    assert len([path for path in web.site.paths() if path.startswith("/n/")]) == 5


async def test_only_reading_and_nothing_private(web: Web) -> None:
    async with trap() as private:
        script = f"""
            fetch('/vote', {{method: 'POST'}}).catch(() => 0);
            new WebSocket('ws://127.0.0.1:{private.port}/');
            fetch('http://127.0.0.1:{private.port}/').catch(() => 0);
            window.open('/popup');
        """
        web.site.page("/nosy", f"<p>{TEXT}</p><script>{script}</script><img src=/media/1.jpg>")
        assert TEXT.encode() in (await web.draw("/nosy")).body
    assert private.reached == []
    assert set(web.site.paths()) <= {"/robots.txt"}


async def test_a_page_that_never_ends_costs_its_time_only(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "DRAW_S", 2.0)
    web.site.page("/busy", "<script>for (;;) ;</script>")
    with pytest.raises(Undrawn, match="needs a browser"):
        await web.draw("/busy")
    assert TEXT.encode() in (await web.draw("/post/1")).body


async def test_a_browser_that_dies_costs_one_page(web: Web) -> None:
    async def killing(_: Request) -> Response:
        for pid in chromium_processes():
            os.kill(pid, signal.SIGKILL)
        return Response("1", media_type="text/javascript")

    web.site.pages["/killing.js"] = killing
    web.site.page("/killing", "<p>here</p><script src=/killing.js></script>")
    with pytest.raises(Undrawn, match="the browser broke down"):
        await web.draw("/killing")
    assert TEXT.encode() in (await web.draw("/post/1")).body


async def test_a_page_that_never_rests_is_taken_as_it_is(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "QUIET_S", 1.0)
    web.site.page("/news", f"<p>{TEXT}</p><script>setInterval(() => fetch('/tick').catch(() => 0), 50)</script>")
    assert TEXT.encode() in (await web.draw("/news")).body


async def test_a_script_may_name_another_address_of_its_host(web: Web) -> None:
    web.site.page("/away", "<p>here</p><script>history.replaceState(0, '', '/login')</script>")
    assert (await web.draw("/away")).final_url == web.site.url("/login")


async def test_off_is_said(web: Web) -> None:
    async with Chromium(Path("/nowhere/chromium"), 1) as never:
        off = replace(web, renderer=Renderer(web.asker, never, 0, SystemClock()))
        with pytest.raises(Undrawn, match="HAETAE_RENDERERS is 0"):
            await off.draw("/post/1")
        assert not never.started


def test_scripts_are_kept_for_a_while_and_within_bounds() -> None:
    clock = ManualClock()
    kept = Scripts(clock)
    answer = Fetched("u", "u", 200, {}, bytes(MOST_BYTES // 2), "")
    kept.keep("a.test", "/1", answer)
    kept.keep("a.test", "/2", answer)
    assert kept.get("b.test", "/1") is None
    assert kept.get("a.test", "/1") is answer
    kept.keep("a.test", "/3", answer)
    assert kept.get("a.test", "/2") is None
    assert kept.get("a.test", "/1") is answer
    clock.advance(FRESH_S + 1)
    assert kept.get("a.test", "/1") is None
