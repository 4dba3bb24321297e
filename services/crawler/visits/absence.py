"""What a host shows where nothing is: some show the same few words, with status 200, for whatever is not there."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from services.crawler.pages.page_reader import PageReader
from services.crawler.pages.reading import Page
from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker
from shared.clock import Clock
from shared.failures import Failure
from shared.pages.bare import bare
from shared.pages.walls import LITTLE_CHARACTERS, VERY_LITTLE, Wall, Walled
from shared.pages.weight import weight

FRESH_S = 24 * 3600.0  # a site changes its templates seldom
AFTER_FAILURE_S = 600.0
MOST_HOSTS = 20_000
ALIKE = 0.8  # of their pieces two texts have in common, when they are the same but for an address or a time
PIECE = 5  # characters: for writing systems with and without blanks

SAME_AS_NOTHING = Walled(Wall.SOFT_404, "the host shows the same where nothing can be")


@dataclass(frozen=True)
class _Nothing:
    """`text`: shown with status 200; None where the host says honestly that nothing is there."""

    text: str | None
    until: float


class Absence:
    """One request a host a day, made when a page says so little that it may say nothing."""

    def __init__(self, asker: Asker, pages: PageReader, clock: Clock, name: Callable[[], str]) -> None:
        """`name` gives a name that no page has."""
        self._asker, self._pages, self._clock, self._name = asker, pages, clock, name
        self._known: OrderedDict[str, _Nothing] = OrderedDict()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def behind(self, url: str, page: Page, watched: Watched) -> Walled | None:
        """The wall that this page is, if it shows what the host shows where nothing is."""
        if not page.is_content or page.pictures or page.videos or page.inline_pictures:
            return None
        if len(page.text) > LITTLE_CHARACTERS or weight(page.text) > VERY_LITTLE or urlsplit(url).path in ("", "/"):
            return None
        nothing = await self._of_host(url, watched)
        return SAME_AS_NOTHING if nothing and likeness(nothing, bare(page.text)) >= ALIKE else None

    async def _of_host(self, url: str, watched: Watched) -> str | None:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        lock = self._asking.setdefault(origin, asyncio.Lock())
        async with lock:
            known = self._known.get(origin)
            if known is None or known.until < self._clock.monotonic():
                known = await self._ask(f"{origin}/{self._name()}", watched)
                self._known[origin] = known
                if len(self._known) > MOST_HOSTS:
                    self._known.popitem(last=False)
        return known.text

    async def _ask(self, url: str, watched: Watched) -> _Nothing:
        now = self._clock.monotonic()
        try:
            if not (await self._asker.rules(url, watched)).allow(url):
                return _Nothing(None, now + FRESH_S)
            answer = await self._asker.get(url, watched=watched, cut=True)
            if answer.status != 200:
                return _Nothing(None, now + FRESH_S)
            media_type = answer.headers.get("content-type", "")
            page = await self._pages.read(answer.body, url, media_type, watched.site.language)
        except Failure:
            return _Nothing(None, now + AFTER_FAILURE_S)
        return _Nothing(bare(page.text[:LITTLE_CHARACTERS]) or None, now + FRESH_S)


def likeness(one: str, other: str) -> float:
    """Which share of all pieces of two texts is in both, 0 … 1 (Jaccard)."""
    ours, theirs = _pieces(one), _pieces(other)
    both = len(ours | theirs)
    return len(ours & theirs) / both if both else 0.0


def _pieces(text: str) -> frozenset[str]:
    return frozenset(text[at : at + PIECE] for at in range(max(1, len(text) - PIECE + 1)))
