"""One visitor of a removal check looks: at the page, its pictures, its videos."""

import re
from dataclasses import dataclass, replace

from services.crawler.frontier.pacing import NotNow
from services.crawler.pages.charset import decode
from services.crawler.pages.page_reader import PageReader
from services.crawler.pages.reading import Page
from services.crawler.pages.shown import leads_on
from services.crawler.pictures.picture_box import PictureBox
from services.crawler.removals.file_answers import is_file
from services.crawler.removals.moved_pictures import moved_pictures
from services.crawler.removals.removal import REMOVED, Answer
from services.crawler.removals.vantage import Guise
from services.crawler.visits.rendering import Renderer
from shared.events.values import Picture, Video
from shared.failures import Failure
from shared.net import Fetched
from shared.pages.walls import Walled, wall_in_removal, wall_of
from shared.urls import host_of

# Scripts in the page itself that write into it or lead elsewhere: what it says without them is not what is seen.
WRITES = re.compile(
    r"document\.write|(?:inner|outer)HTML|insertAdjacentHTML|\blocation(?:\.href)?\s{0,9}=[^=]"
    r"|\blocation\.(?:assign|replace)\s{0,9}\(|\bfetch\s{0,9}\(|XMLHttpRequest"
)


@dataclass(frozen=True)
class Tools:
    """What a viewer looks with. The limits are in bytes."""

    pages: PageReader
    pictures: PictureBox
    renderer: Renderer
    max_picture: int
    max_video: int


@dataclass(frozen=True)
class Looked:
    """At a page: as it came, and as a browser drew it where that was needed. `links`: where it leads."""

    answers: tuple[Answer, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Viewer:
    guise: Guise
    tools: Tools

    async def page(self, url: str, *, closely: bool = True) -> Looked:
        """`closely`: also at pictures that the finding does not know, and through a browser where that is needed.

        Raises `NotNow` when the host of the finding is to be left alone, and it has not been looked at closely.
        """
        try:
            got = await self.guise.get(url)
            page = await self._read(got)
            came = await self._answer(url, got, page, closely)
        except Failure as failure:
            if closely and isinstance(failure, NotNow) and failure.host == host_of(url):
                raise
            return Looked((self.guise.nothing(url, failure),))
        if not (closely and self.guise.vantage.draws and self._needs_browser(got, page)):
            return Looked((came,), page.links)
        drawn, links = await self._drawn(url, got)
        return Looked((came, drawn), links or page.links)

    async def picture(self, picture: Picture) -> Answer:
        try:
            got = await self.guise.get(picture.url, self.tools.max_picture, cut=False)
        except Failure as failure:
            return self.guise.nothing(picture.url, failure)
        described = await self.tools.pictures.describe(picture.url, got.body)
        return replace(self._file(picture.url, got), picture=described)

    async def video(self, video: Video) -> Answer:
        """Only as much as was seen of it: a video that was too large is known by its beginning."""
        try:
            got = await self.guise.get(video.url, video.bytes if video.cut else self.tools.max_video)
        except Failure as failure:
            return self.guise.nothing(video.url, failure)
        return self._file(video.url, got)

    def _file(self, url: str, got: Fetched) -> Answer:
        wall = wall_of(got.status, got.headers, url, got.final_url)
        return replace(self.guise.came(url, got), wall=wall, is_file=is_file(got))

    def _needs_browser(self, got: Fetched, page: Page) -> bool:
        watched = self.guise.watched
        if page.script_only or (watched is not None and watched.renders):
            return True
        said_gone = got.status in REMOVED and self.tools.renderer.at_once > 0
        return said_gone and WRITES.search(got.body.decode("latin-1")) is not None

    async def _read(self, got: Fetched) -> Page:
        media_type = got.headers.get("content-type", "")
        return await self.tools.pages.read(got.body, got.final_url, media_type, self.guise.finding.language)

    async def _drawn(self, url: str, document: Fetched) -> tuple[Answer, tuple[str, ...]]:
        agent, watched = self.guise.vantage.user_agent, self.guise.watched
        try:
            got = await self.tools.renderer.render(document, watched, user_agent=agent, robots=False)
            page = await self._read(got)
            answer = await self._answer(url, got, page, closely=True)
        except Failure as failure:
            return replace(self.guise.nothing(url, failure), method="browser"), ()
        return replace(answer, method="browser"), page.links

    async def _answer(self, url: str, got: Fetched, page: Page, closely: bool) -> Answer:
        source = decode(got.body, got.headers.get("content-type", ""), self.guise.finding.language)
        tools = self.tools
        shown = await tools.pages.shown(source, got.final_url)
        moved: tuple[Picture, ...] = ()
        if is_file(got):
            moved = (await tools.pictures.describe(url, got.body),)
        elif closely:
            moved = await moved_pictures(self.guise, tools.pictures, page, shown.pictures, tools.max_picture)
        return replace(
            self.guise.came(url, got),
            text=shown.text,
            shown=shown.pictures,
            pictures=moved,
            inside=(*leads_on(got.headers.get("refresh", ""), got.final_url), *shown.inside),
            cut=got.cut,
            is_file=is_file(got),
            says_something=page.is_content,
            wall=_wall(url, got, page),
        )


def _wall(url: str, got: Fetched, page: Page) -> Walled | None:
    if got.status not in REMOVED:
        return wall_of(got.status, got.headers, url, got.final_url, page, got.body)
    return wall_of(got.status, got.headers, url, got.final_url) or wall_in_removal(url, page, got.body)
