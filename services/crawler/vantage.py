"""One visitor of a removal check: asks for pages, pictures and videos of a finding, and says what came."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from services.crawler.asking import Asker
from services.crawler.charset import decode
from services.crawler.pacing import NotNow
from services.crawler.page_pictures import is_picture
from services.crawler.page_reader import PageReader
from services.crawler.picture_box import PictureBox
from services.crawler.reading import Page, picture_links, visible_text
from services.crawler.removal import REMOVED, Answer
from services.crawler.rendering import Renderer, Undrawn
from services.crawler.visit import Watched
from services.crawler.walls import Walled, wall_of
from shared.clock import Clock
from shared.events.values import Finding, Picture, Video
from shared.failures import Failure
from shared.net import Fetched

REDIRECTS = 5
# Of a page that does not show the finding's pictures where they were: so many others are compared with them. A logo and
# a banner come along; more would cost politeness more than a hidden picture costs whoever hides it.
NEW_ADDRESSES = 4
FRESH = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}  # no cache may answer for the server


@dataclass(frozen=True)
class Limits:
    """Bytes."""

    picture: int
    video: int


@dataclass(frozen=True)
class Vantage:
    """Who asks, by which exit (None: as the site is always asked), and whether it looks at pages through a browser
    where scripts write them."""

    name: str
    user_agent: str
    exit: str | None = None
    draws: bool = False


@dataclass(frozen=True)
class Looked:
    """At a page: as it came, and as a browser drew it where that was needed. `links`: where it leads."""

    answers: tuple[Answer, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Viewer:
    """robots.txt does not apply: the agency looks whether a notice was followed, it does not crawl."""

    vantage: Vantage
    asker: Asker
    pages: PageReader
    pictures: PictureBox
    renderer: Renderer
    clock: Clock
    limits: Limits

    async def page(self, url: str, finding: Finding, watched: Watched | None, *, closely: bool = True) -> Looked:
        """`closely`: also at pictures that the finding does not know, and through a browser where that is needed.

        Raises `NotNow` when the page's host is to be left alone.
        """
        try:
            got = await self._get(url, finding, watched)
        except NotNow:
            raise
        except Failure as failure:
            return Looked((self._nothing(url, failure),))
        page = await self.pages.read(got.body, got.final_url, got.headers.get("content-type", ""), finding.language)
        came = await self._answer(url, got, page, finding, watched, closely)
        draws = closely and self.vantage.draws
        if not draws or not (page.script_only or (watched and watched.renders)):
            return Looked((came,), page.links)
        drawn, links = await self._drawn(url, got, finding, watched)
        return Looked((came, drawn), links or page.links)

    async def picture(self, picture: Picture, finding: Finding, watched: Watched | None) -> Answer:
        async def described(got: Fetched, answer: Answer) -> Answer:
            return replace(answer, picture=await self.pictures.describe(picture.url, got.body))

        return await self._file(picture.url, finding, watched, self.limits.picture, described)

    async def video(self, video: Video, finding: Finding, watched: Watched | None) -> Answer:
        """Only as much as was seen of it: a video that was too large is known by its beginning."""
        size = video.bytes if video.cut else self.limits.video

        async def unchanged(got: Fetched, answer: Answer) -> Answer:
            return answer

        return await self._file(video.url, finding, watched, size, unchanged, cut=True)

    async def _file(
        self,
        url: str,
        finding: Finding,
        watched: Watched | None,
        max_bytes: int,
        finish: Callable[[Fetched, Answer], Awaitable[Answer]],
        *,
        cut: bool = False,
    ) -> Answer:
        try:
            got = await self._get(url, finding, watched, max_bytes, cut)
        except Failure as failure:
            return self._nothing(url, failure)
        wall = wall_of(got.status, got.headers, url, got.final_url)
        return await finish(got, replace(self._came(url, got), wall=wall))

    async def _drawn(
        self, url: str, document: Fetched, finding: Finding, watched: Watched | None
    ) -> tuple[Answer, tuple[str, ...]]:
        try:
            got = await self.renderer.render(document, watched, user_agent=self.vantage.user_agent, robots=False)
        except Undrawn as failure:
            return replace(self._nothing(url, failure), method="browser"), ()
        page = await self.pages.read(got.body, got.final_url, got.headers["content-type"], finding.language)
        answer = await self._answer(url, got, page, finding, watched, closely=True)
        return replace(answer, method="browser"), page.links

    async def _answer(
        self, url: str, got: Fetched, page: Page, finding: Finding, watched: Watched | None, closely: bool
    ) -> Answer:
        source = decode(got.body, got.headers.get("content-type", ""), finding.language)
        shown = picture_links(source, got.final_url)
        return replace(
            self._came(url, got),
            text=visible_text(source),
            shown=shown,
            pictures=await self._pictures(page, shown, finding, watched) if closely else (),
            says_something=page.is_content,
            wall=_wall(url, got, page),
        )

    async def _pictures(
        self, page: Page, shown: frozenset[str], finding: Finding, watched: Watched | None
    ) -> tuple[Picture, ...]:
        """Pictures that the page shows at other addresses than the finding's, and those that stand in the page."""
        old = {picture.url for picture in finding.pictures}
        if not old or shown & old:
            return ()
        inside = [await self.pictures.describe(finding.url, body) for body in page.inline_pictures]
        found: list[Picture] = []
        for url in _new_addresses(page.pictures, shown, old):
            try:
                got = await self._get(url, finding, watched, self.limits.picture)
            except Failure:
                continue
            if got.status == 200:
                found.append(await self.pictures.describe(url, got.body))
        return (*inside, *found)

    async def _get(
        self, url: str, finding: Finding, watched: Watched | None, max_bytes: int | None = None, cut: bool = True
    ) -> Fetched:
        return await self.asker.get(
            url,
            user_agent=self.vantage.user_agent,
            # As a visitor of the site's own language asks: some sites remove for foreigners only.
            headers={**FRESH, "Accept-Language": f"{finding.language or 'en'},en;q=0.5"},
            max_bytes=max_bytes,
            redirects=REDIRECTS,
            watched=watched,
            exit=self.vantage.exit,
            cut=cut,
        )

    def _came(self, url: str, got: Fetched) -> Answer:
        return Answer(
            url,
            self.vantage.name,
            got.status,
            seen_at=self.clock.now(),
            address=got.address,
            exit=self.vantage.exit or "",
            sha256=hashlib.sha256(got.body).hexdigest(),
        )

    def _nothing(self, url: str, failure: Failure) -> Answer:
        return Answer(
            url, self.vantage.name, None, str(failure), seen_at=self.clock.now(), exit=self.vantage.exit or ""
        )


def _new_addresses(own: Sequence[str], shown: Iterable[str], old: set[str]) -> list[str]:
    """The page's own pictures first: those around them are the site's."""
    others = sorted(url for url in shown if is_picture(url))
    return [url for url in dict.fromkeys((*own, *others)) if url not in old][:NEW_ADDRESSES]


def _wall(url: str, got: Fetched, page: Page) -> Walled | None:
    """A page with a status of removal is no wall for its words: it may well ask to log in for more."""
    if got.status in REMOVED and got.status != 451:
        return wall_of(got.status, got.headers, url, got.final_url)
    return wall_of(got.status, got.headers, url, got.final_url, page, got.body)
