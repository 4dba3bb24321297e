"""Pages that are empty until their scripts have run: drawn by Chromium, whose requests the asker makes in turn."""

from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog
from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker
from services.crawler.visits.page_requests import PageRequests
from services.crawler.visits.scripts import Scripts
from shared.browser import Chromium, Gate, PageBroke
from shared.clock import Clock
from shared.failures import Transient
from shared.net import Fetched
from shared.urls import canonical, host_of

log = structlog.get_logger(__name__)

# A page's scripts come one at a time, each in its host's turn: a page of thirty requests takes half a minute.
DRAW_S = 60.0
LOAD_S, QUIET_S = 30.0, 20.0  # of these: until it is loaded, and until it asks for nothing more
MAX_DRAWN = 2_000_000  # characters kept of a document, where a script can make any number


class Undrawn(Transient):
    """The page needs a browser, and could not be drawn."""


class Renderer:
    """A resource. `at_once` pages, 0 for none; Chromium starts with the first page that needs it."""

    def __init__(self, asker: Asker, chromium: Chromium, at_once: int, clock: Clock) -> None:
        self._asker, self._chromium, self.at_once = asker, chromium, at_once
        self._scripts = Scripts(clock)

    async def __aenter__(self) -> Self:
        await self._chromium.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._chromium.__aexit__(kind, error, trace)

    async def render(
        self, document: Fetched, watched: Watched | None, *, user_agent: str, robots: bool = True
    ) -> Fetched:
        """The answer as a browser shows it after its scripts ran: the same, with that body, in UTF-8.

        `robots`: what robots.txt forbids on the site's host is not asked for. Raises `Undrawn`.
        """
        if not self.at_once:
            raise Undrawn(f"{document.url} needs a browser, and HAETAE_RENDERERS is 0")
        host = host_of(document.final_url)
        requests = PageRequests(self._asker, self._scripts, host, watched, user_agent, robots)
        gate = Gate(requests, document)
        try:
            async with self._chromium.page(gate, user_agent=user_agent, timeout=DRAW_S) as page:
                drawn = await _drawn(page, document)
        except PageBroke as error:
            _must_have_stayed(requests, document)
            raise Undrawn(f"{document.url} needs a browser, and {error}") from error
        _must_have_stayed(requests, document)
        log.debug("drawn", url=document.url, requests=requests.made, refused=len(requests.refused))
        return drawn


def _must_have_stayed(requests: PageRequests, document: Fetched) -> None:
    if requests.led_to:
        raise Undrawn(f"led away: the scripts of {document.url} lead to {requests.led_to[:200]}, another host")


async def _drawn(page: Page, document: Fetched) -> Fetched:
    await page.goto(document.final_url, wait_until="commit")
    with suppress(PlaywrightTimeout):
        await page.wait_for_load_state("load", timeout=LOAD_S * 1000)
    with suppress(PlaywrightTimeout):
        await page.wait_for_load_state("networkidle", timeout=QUIET_S * 1000)
    html = await page.content()
    return replace(
        document,
        final_url=_shown_at(page.url, document.final_url),
        headers={**document.headers, "content-type": "text/html; charset=utf-8"},
        body=html[:MAX_DRAWN].encode(errors="replace"),
        cut=document.cut or len(html) > MAX_DRAWN,
    )


def _shown_at(url: str, asked: str) -> str:
    """Where the browser stands now. Scripts may name any address of their host, and no other host's."""
    there = canonical(url)
    return there if there and host_of(there) == host_of(asked) else asked
