"""Drawn pages that lead to another host, or show one: nothing of it passes for the page, and it gets no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.crawler.frontier.pacing import Pacer
from services.crawler.registry.credentials import Credential
from services.crawler.registry.ways import Ways
from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker
from services.crawler.visits.rendering import Renderer, Undrawn
from shared.browser import Chromium
from shared.clock import SystemClock
from shared.events.values import Site as Watch
from shared.events.values import SiteKind
from shared.net import Fetched, Fetcher, NetSettings
from tests.support.pages import HOST, Site, site

OTHER = "other.test"
TEXT = "The lantern parcel waits at gate seven."
LOGIN = Credential.model_validate({"cookies": {"session": "paper-boat"}, "over_http": True})


@dataclass
class Web:
    site: Site
    asker: Asker
    renderer: Renderer

    @property
    def watched(self) -> Watched:
        watch = Watch(host=HOST, name="Lanterns", kind=SiteKind.BOARD)
        return Watched(watch, 1_000, 60, True, "victim_request", credential="login")

    def elsewhere(self, path: str) -> str:
        return self.site.url(path).replace(HOST, OTHER)

    async def draw(self, body: str) -> Fetched:
        return await self.draw_url(self.site.page("/page", f"<p>{TEXT}</p>{body}"))

    async def draw_url(self, url: str) -> Fetched:
        document = await self.asker.get(url, watched=self.watched)
        self.site.asked.clear()
        return await self.renderer.render(document, self.watched, user_agent="Haetae/0.1", robots=False)

    def asked(self) -> set[tuple[str, bool]]:
        """Paths, and whether the secret was with them."""
        return {(request.url.path, "session=paper-boat" in str(request.headers)) for request in self.site.asked}


@pytest.fixture
async def web(tmp_path: Path, chromium: Chromium) -> AsyncIterator[Web]:
    clock = SystemClock()
    async with site(tmp_path) as made:
        assert made.hosts
        made.hosts.write_text(f"127.0.0.1 {HOST} {OTHER}\n")
        async with Fetcher(NetSettings(allowed_hosts_file=made.hosts)) as net:
            pacer = Pacer(clock)
            for host in (HOST, OTHER):
                pacer.set_pace(host, 1_000)
            asker = Asker(net, pacer, clock, Ways(credentials={"login": LOGIN}))
            web = Web(made, asker, Renderer(asker, chromium, 1, clock))
            made.page("/nosy", f"<h1>Elsewhere</h1><script src={made.url('/private.js')}></script>")
            made.page("/frame", "<script src=/of-frame.js></script>")
            made.pages["/out"] = RedirectResponse(web.elsewhere("/nosy"))
            yield web


LEADING = {
    "a script": "<script>location = '{}'</script>",
    "a refresh": "<meta http-equiv=refresh content='0; url={}'>",
    "a form": "<form action={}><button></form><script>document.querySelector('button').click()</script>",
    "a frame": "<iframe srcdoc=\"<script>top.location = '{}'</script>\"></iframe>",
}


@pytest.mark.parametrize("how", LEADING)
async def test_a_page_that_leads_to_another_host_is_not_drawn_and_says_so(web: Web, how: str) -> None:
    with pytest.raises(Undrawn, match=f"led away: the scripts of .*/page lead to http://{OTHER}:.*, another host"):
        await web.draw(LEADING[how].format(web.elsewhere("/nosy")))
    assert web.asked() == set()


async def test_a_page_that_its_own_host_redirects_away_is_not_drawn(web: Web) -> None:
    with pytest.raises(Undrawn, match=f"led away: .* lead to http://{OTHER}:.*/nosy, another host"):
        await web.draw("<script>location = '/out'</script>")
    assert web.asked() == {("/out", True), ("/nosy", False)}


async def test_a_page_may_lead_to_another_of_its_host(web: Web) -> None:
    web.site.page("/there", f"<p>{TEXT} Behind the kettle.</p>")
    drawn = await web.draw("<script>location = '/there'</script>")
    assert b"kettle" in drawn.body
    assert drawn.final_url == web.site.url("/there")


SHOWING = ["<iframe src={}></iframe>", "<object data={}></object>", "<embed src={}>"]


@pytest.mark.parametrize("how", SHOWING)
async def test_no_document_of_another_host_is_shown_in_a_page(web: Web, how: str) -> None:
    for address in (web.elsewhere("/nosy"), "/out"):
        drawn = await web.draw(how.format(address))
        assert b"Elsewhere" not in drawn.body
        assert "/private.js" not in web.site.paths()


async def test_the_own_frames_and_scripts_are_asked_for_with_the_secret(web: Web) -> None:
    await web.draw(f"<iframe src=/frame></iframe><script src=/own.js></script><script src={web.elsewhere('/cdn.js')}>")
    assert web.asked() == {("/frame", True), ("/of-frame.js", True), ("/own.js", True), ("/cdn.js", False)}


async def test_windows_stay_empty(web: Web) -> None:
    opens = "open('/popup'); const other = open('about:blank'); if (other) other.location = '/later';"
    assert TEXT.encode() in (await web.draw(f"<script>{opens}</script>")).body
    assert web.asked() == set()


async def test_a_page_of_another_host_gets_no_secret_and_no_script_that_came_with_it(web: Web) -> None:
    """A removal check draws what the notice's address led to."""

    async def private(request: Request) -> Response:
        told = "session" in request.headers.get("cookie", "")
        return Response(f"document.title = 'told {told}'", media_type="text/javascript")

    web.site.pages["/private.js"] = private
    assert b"told True" in (await web.draw("<script src=/private.js></script>")).body
    assert b"told False" in (await web.draw_url(web.elsewhere("/nosy"))).body
    assert web.asked() == {("/private.js", False)}
