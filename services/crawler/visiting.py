"""One visit: ask, read, describe. Gives what the frontier keeps and what is told to the classifier."""

import asyncio
import html
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.crawler.asking import Asker, header, redirect_of
from services.crawler.charset import decode
from services.crawler.domain import PageKind, Priority
from services.crawler.feeds import feed_links, is_feed
from services.crawler.finding import capture_of, content_digest, content_found
from services.crawler.outcomes import failed, settled, soon_again
from services.crawler.picture_box import PictureBox
from services.crawler.reading import Page, read_html, read_page
from services.crawler.remembered import conditions
from services.crawler.urls import canonical, host_of, path_of
from services.crawler.visit import Known, Link, Visited
from shared.clock import Clock
from shared.events import ContentFound
from shared.failures import Failure, Rejected
from shared.net import Fetched

GONE = frozenset({404, 410, 451})
NOT_MODIFIED = 304
STAY_AWAY = "robots.txt asks us to stay away"
REFUSED_AS_FAILURES = 20  # an address that the guard refuses will hardly be allowed later: the longest backoff

DigestOf = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True)
class Visitor:
    """`digest_of` tells the digest of the content last seen at another address."""

    asker: Asker
    pictures: PictureBox
    clock: Clock
    user_agent: str
    digest_of: DigestOf

    async def visit(self, known: Known) -> Visited:
        """Never raises for what the web does: that is recorded with the page."""
        try:
            rules = await self.asker.rules(known.url, known.watched)
            if not rules.allow(known.url):
                return settled(known, PageKind.GONE, self.clock.now(), changed=False, problem=STAY_AWAY)
            answer = await self.asker.get(known.url, headers=conditions(known.etag, known.last_modified))
            return await self._read(known, answer, rules.sitemaps if known.kind is PageKind.START else ())
        except Rejected as refused:
            return failed(known, str(refused), max(known.failures, REFUSED_AS_FAILURES), self.clock.now())
        except Failure as failure:
            return failed(known, str(failure), known.failures + 1, self.clock.now())

    async def _read(self, known: Known, answer: Fetched, sitemaps: tuple[str, ...]) -> Visited:
        now = self.clock.now()
        if answer.status == NOT_MODIFIED:
            return settled(known, known.kind, now, changed=False)
        if onward := redirect_of(answer):
            return settled(known, PageKind.INDEX, now, changed=False, links=(Link(onward),))
        if answer.status in GONE:
            return settled(known, PageKind.GONE, now, changed=False, problem=f"status {answer.status}")
        if not 200 <= answer.status < 300:
            return failed(known, f"status {answer.status}", known.failures + 1, now)
        media_type = answer.headers.get("content-type", "")
        if is_feed(answer.body, media_type):
            found = feed_links(decode(answer.body, media_type, known.watched.site.language), known.url)
            return settled(known, PageKind.FEED, now, changed=True, answer=answer, links=tuple(map(Link, found)))
        page = self._page(known, answer, media_type)
        links = _links(page, sitemaps, known)
        if page.is_content:
            return await self._read_content(known, answer, page, links)
        changed = header(answer, "etag") != known.etag
        return settled(known, PageKind.INDEX, now, changed=changed, answer=answer, links=links)

    def _page(self, known: Known, answer: Fetched, media_type: str) -> Page:
        """Anything that has no markup of its own becomes a page that consists of it."""
        kind, language = media_type.partition(";")[0].strip().lower(), known.watched.site.language
        if kind.startswith("image/"):
            return read_html(f'<img src="{html.escape(known.url)}">', "")
        if kind == "text/plain":
            return read_html(html.escape(decode(answer.body, media_type, language)), known.url)
        if kind in ("", "text/html", "application/xhtml+xml"):
            return read_page(answer.body, known.url, media_type, language)
        return read_html("", known.url)

    async def _read_content(self, known: Known, answer: Fetched, page: Page, links: tuple[Link, ...]) -> Visited:
        capture = capture_of(answer, self.user_agent, self.clock.now())
        described = await asyncio.gather(*map(self.pictures.get, page.pictures))
        pictures = tuple(picture for picture in described if picture)
        digest = content_digest(page.text, pictures)
        changed, now = digest != known.last_digest, self.clock.now()
        found: tuple[ContentFound, ...] = ()
        if changed and not await self._is_copy(known, page, digest):
            found = (content_found(known, page, pictures, digest, capture, now),)
        outcome = settled(
            known, PageKind.CONTENT, now, changed=changed, answer=answer, links=links, digest=digest, found=found
        )
        missing = len(described) - len(pictures)
        return soon_again(outcome, missing, now) if missing else outcome

    async def _is_copy(self, known: Known, page: Page, digest: str) -> bool:
        """Whether the page is another view of one that was seen, by its own word and by its content: a print view. Its
        word alone would be a way to hide."""
        if page.copy_of is None or host_of(page.copy_of) != host_of(known.url):
            return False
        return await self.digest_of(page.copy_of) == digest


def _links(page: Page, sitemaps: tuple[str, ...], known: Known) -> tuple[Link, ...]:
    """Feeds and sitemaps first: they list what is new. Other views of a page of content (same path, another query)
    last: what they show is known."""
    listings = [*page.feeds, *(made for url in sitemaps if (made := canonical(url, known.url)))]
    path = path_of(known.url) if page.is_content else None
    return (
        *(Link(url, PageKind.FEED, Priority.LISTING) for url in listings),
        *(Link(url, priority=Priority.ASIDE if path_of(url) == path else Priority.FIRST) for url in page.links),
    )
