"""What a visitor sees at an address: the answer read as a page, drawn by a browser where it needs one, walls told."""

import html
from collections import OrderedDict
from dataclasses import dataclass, replace

from services.crawler.pages.charset import decode
from services.crawler.pages.page_reader import PageReader
from services.crawler.pages.reading import Page, read_html
from services.crawler.visit import Watched
from services.crawler.visits.absence import Absence
from services.crawler.visits.rendering import Renderer, Undrawn
from shared.net import Fetched
from shared.pages.walls import Walled, wall_of

HTML = frozenset({"", "text/html", "application/xhtml+xml"})
TWICE = 2  # pages that were empty without a browser: then all of the site's are drawn, also those with a little text
MOST_SITES = 10_000


@dataclass(frozen=True)
class Seen:
    """`answer`: as it came; `drawn`: as a browser showed it, where that was needed, `undrawn`: or why it was not.

    `renders`: True when it was learned that the site needs a browser.
    """

    answer: Fetched
    page: Page
    wall: Walled | None = None
    drawn: Fetched | None = None
    undrawn: str | None = None
    renders: bool = False


class Sight:
    def __init__(self, pages: PageReader, renderer: Renderer, absence: Absence, user_agent: str) -> None:
        self._pages, self._renderer, self._absence, self._user_agent = pages, renderer, absence, user_agent
        self._empty: OrderedDict[str, int] = OrderedDict()  # by host: pages that needed a browser

    async def see(self, url: str, answer: Fetched, watched: Watched) -> Seen:
        seen = await self._look(url, answer, watched)
        if seen.wall is None and not seen.drawn and 200 <= answer.status < 300:
            return replace(seen, wall=await self._absence.behind(url, seen.page, watched))
        return seen

    async def _look(self, url: str, answer: Fetched, watched: Watched) -> Seen:
        media_type = answer.headers.get("content-type", "")
        kind, language = media_type.partition(";")[0].strip().lower(), watched.site.language
        if kind not in HTML:
            page = _made_page(kind, url, answer, media_type, language)
            return Seen(answer, page, wall_of(answer.status, answer.headers, url, answer.final_url, page))
        page = await self._pages.read(answer.body, url, media_type, language)
        if wall := wall_of(answer.status, answer.headers, url, answer.final_url, page, answer.body):
            return Seen(answer, page, wall)
        if answer.status >= 300 or not (page.script_only or watched.renders):
            return Seen(answer, page)
        return await self._draw(url, Seen(answer, page), watched)

    async def _draw(self, url: str, seen: Seen, watched: Watched) -> Seen:
        try:
            drawn = await self._renderer.render(seen.answer, watched, user_agent=self._user_agent)
        except Undrawn as failure:
            return replace(seen, undrawn=str(failure))
        page = await self._pages.read(drawn.body, url, drawn.headers["content-type"], watched.site.language)
        if seen.page.is_content and not page.is_content:  # its scripts broke it: what was sent says more
            return seen
        wall = wall_of(drawn.status, drawn.headers, url, drawn.final_url, page, drawn.body)
        return Seen(seen.answer, page, wall, drawn, renders=seen.page.script_only and self._learned(watched))

    def _learned(self, watched: Watched) -> bool:
        host = watched.site.host
        self._empty[host] = self._empty.pop(host, 0) + 1
        if len(self._empty) > MOST_SITES:
            self._empty.popitem(last=False)
        return self._empty[host] >= TWICE and not watched.renders


def _made_page(kind: str, url: str, answer: Fetched, media_type: str, language: str | None) -> Page:
    """Anything that has no markup of its own becomes a page that consists of it."""
    if kind.startswith("image/"):
        return read_html(f'<img src="{html.escape(url)}">', "")
    if kind == "text/plain":
        return read_html(html.escape(decode(answer.body, media_type, language)), url)
    return read_html("", url)
