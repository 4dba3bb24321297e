"""Reads pages where they hold up nobody: hostile ones in a child process that is killed at its limits."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from services.crawler.pages.charset import decode
from services.crawler.pages.reading import Page, read_html, with_language
from services.crawler.pages.shown import Shown, shown
from shared.failures import Rejected
from shared.guarded import Guarded, GuardKilled

WORKERS = 1  # hostile pages are rare; they wait for each other, and nobody else does
SECONDS = 3.0  # a thousand times what an ordinary page takes
MEMORY_BYTES = 512 * 1024 * 1024
# Ordinary pages have some thousand tags. So many of the worst kind take a quarter of a second.
MANY_TAGS = 10_000
LEAST_TAG = 5  # characters that an element takes on average at least: a shorter page is not counted
# The parser merges the attributes of every further <html> and <body> into the first: n of them cost n².
# (The letters after "<" are looked at in one step: a page has thousands of "<".)
ROOTS = re.compile(r"<[hHbB](?:(?<=[hH])[tT][mM][lL]|(?<=[bB])[oO][dD][yY])(?=[\s/>])")
MANY_ROOTS = 10
CARRIES = re.compile(r"srcdoc|data:text/html", re.IGNORECASE)  # pages in a page: their tags are not seen from without


class MarkupBomb(Rejected):
    """A page that cannot be read within its limits."""


class PageReader:
    """A resource."""

    def __init__(self) -> None:
        self._reads = Guarded(read_html, workers=WORKERS, seconds=SECONDS, memory_bytes=MEMORY_BYTES)
        self._shows = Guarded(shown, workers=WORKERS, seconds=SECONDS, memory_bytes=MEMORY_BYTES)

    async def __aenter__(self) -> Self:
        await self._reads.__aenter__()
        await self._shows.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._shows.__aexit__(kind, error, trace)
        await self._reads.__aexit__(kind, error, trace)

    async def read(self, body: bytes, url: str, content_type: str = "", site_language: str | None = None) -> Page:
        """As `reading.read_page`. Raises `MarkupBomb`."""
        html = decode(body, content_type, site_language)
        if not looks_hostile(html):
            return with_language(read_html(html, url))
        with _named():
            return with_language(await self._reads(html, url))

    async def shown(self, html: str, url: str) -> Shown:
        """All that the page shows, its own or not. Raises `MarkupBomb`."""
        if not looks_hostile(html) and not CARRIES.search(html):
            return shown(html, url)
        with _named():
            return await self._shows(html, url)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except GuardKilled as killed:
        raise MarkupBomb(f"markup bomb: {killed.why}") from None


def looks_hostile(html: str) -> bool:
    """By cheap signs: nearly all pages are let through by two looks."""
    if len(html) > MANY_TAGS * LEAST_TAG and html.count("<") > MANY_TAGS:
        return True
    roots = ROOTS.finditer(html)
    return sum(1 for _ in zip(range(MANY_ROOTS), roots, strict=False)) == MANY_ROOTS
