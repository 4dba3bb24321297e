"""Pictures and videos of pages: fetched politely, and asked for again only as "changed since?"."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar
from weakref import WeakValueDictionary

from services.crawler.pictures.keeping import Keeper
from services.crawler.pictures.media import Media
from services.crawler.pictures.remembered import Remembered
from services.crawler.pictures.seen import picture_of, video_of
from services.crawler.pictures.suspects import Suspects
from services.crawler.settings import Settings
from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker
from shared.clock import Clock
from shared.events.values import MAX_URL, Picture, Video
from shared.failures import Failure
from shared.net import Fetched
from shared.urls import host_of

T = TypeVar("T", Picture, Video)

MOST_KEPT = 20_000  # pictures remembered by their address: 2 KB each, and 4 to 6 of their hashes
MOST_VIDEOS_KEPT = 5_000  # 10 KB each
REDIRECTS = 3
MAX_VIDEOS = 4  # of a page
VIDEO_S = 60.0  # for all of a video: a megabyte a second
VIDEOS_AT_ONCE = 4  # in memory, `max_video_bytes` each; one of a site, so that none keeps the others' waiting
INLINE = "#inline-"  # then the beginning of the digest: the address of a picture that stands in the page itself


@dataclass(frozen=True)
class Shown:
    """The pictures and videos of a page. `missing`: how many pictures could not be had now."""

    pictures: tuple[Picture, ...] = ()
    videos: tuple[Video, ...] = ()
    missing: int = 0


def box(asker: Asker, settings: Settings, clock: Clock) -> "PictureBox":
    keeper, most = Keeper(settings, clock), (settings.max_picture_bytes, settings.max_video_bytes)
    return PictureBox(asker, keeper, clock, *most, wanted=settings.fetch_media)


class PictureBox:
    """A resource. Without `wanted` nothing is fetched and every page is as if it had no media."""

    def __init__(
        self, asker: Asker, keeper: Keeper, clock: Clock, max_bytes: int, max_video_bytes: int, *, wanted: bool = True
    ) -> None:
        self._asker, self._keeper = asker, keeper
        self._max_bytes, self._max_video_bytes = max_bytes, max_video_bytes
        self._wanted = wanted
        self._media = Media(keeper)
        self._pictures, self._videos = Remembered[Picture](MOST_KEPT), Remembered[Video](MOST_VIDEOS_KEPT)
        self._of_pictures, self._of_videos = Suspects(clock), Suspects(clock)
        self._room = asyncio.Semaphore(VIDEOS_AT_ONCE)
        self._of_site: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self._keeper)
        await self._open.enter_async_context(self._media)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def shown(
        self,
        page_url: str,
        pictures: Sequence[str],
        watched: Watched | None,
        *,
        inline: Sequence[bytes] = (),
        videos: Sequence[str] = (),
    ) -> Shown:
        """All of a page; each address is asked in its host's turn."""
        if not self._wanted:
            return Shown()
        # One after the other, as their host's turns come anyway: a page has one body in memory.
        fetched = [await self.get(url, watched) for url in await self._allowed(pictures, watched)]
        inside = [await self.inline(page_url, body) for body in inline]
        moving = [await self.get_video(url, watched) for url in (await self._allowed(videos, watched))[:MAX_VIDEOS]]
        there = tuple(picture for picture in (*fetched, *inside) if picture)
        return Shown(there, tuple(video for video in moving if video), fetched.count(None))

    async def get(self, url: str, watched: Watched | None = None) -> Picture | None:
        """The picture with its digests. None when it is not there now, or is none."""
        site = _site(url, watched)
        async with self._of_pictures.turn(site):
            await self._media.room()
            got = await self._ask(self._pictures, url, watched, max_bytes=self._max_bytes)
            if not isinstance(got, Fetched):
                return got
            return self._pictures.keep(url, await self._picture(url, got.body, site), got)

    async def get_video(self, url: str, watched: Watched | None = None) -> Video | None:
        """The video with the hashes of its scenes. Of one that is too large, what its beginning shows."""
        site = _site(url, watched)
        async with self._of_site.setdefault(site, asyncio.Lock()), self._of_videos.turn(site), self._room:
            got = await self._ask(
                self._videos, url, watched, max_bytes=self._max_video_bytes, cut=True, timeout_s=VIDEO_S
            )
            if not isinstance(got, Fetched):
                return got
            return self._videos.keep(url, await self._video(url, got.body, site, cut=got.cut), got)

    async def describe(self, url: str, body: bytes) -> Picture:
        site = _site(url)
        async with self._of_pictures.turn(site):
            return await self._picture(url, body, site)

    async def describe_video(self, url: str, body: bytes, *, cut: bool = False) -> Video:
        site = _site(url)
        async with self._of_videos.turn(site):
            return await self._video(url, body, site, cut=cut)

    async def _picture(self, url: str, body: bytes, site: str) -> Picture:
        named, seen = await self._media.picture(body)
        self._of_pictures.note(site, seen.outcome)
        return picture_of(url, named, len(body), seen)

    async def _video(self, url: str, body: bytes, site: str, *, cut: bool) -> Video:
        named, seen = await self._media.video(body)
        self._of_videos.note(site, seen.outcome)
        return video_of(url, named, len(body), seen, cut=cut)

    async def inline(self, page_url: str, body: bytes) -> Picture | None:
        """A picture that stands in the page itself (`data:`): named as a part of the page, since a notice and a check
        must be able to name it. None where the page's address leaves no room for that."""
        made = await self.describe(page_url, body)
        url = f"{page_url}{INLINE}{made.sha256[:16]}"
        return made.model_copy(update={"url": url}) if len(url) <= MAX_URL else None

    async def _allowed(self, urls: Sequence[str], watched: Watched | None) -> list[str]:
        """Those that robots.txt of the site lets us have, as its ground says. Pictures of other hosts are a part of
        this page."""
        if watched is None:
            return list(urls)
        allowed = []
        for url in urls:
            with suppress(Failure):
                elsewhere = host_of(url) != watched.site.host
                if elsewhere or (await self._asker.rules(url, watched)).allow(url):
                    allowed.append(url)
        return allowed

    async def _ask(
        self,
        last: Remembered[T],
        url: str,
        watched: Watched | None,
        *,
        max_bytes: int,
        cut: bool = False,
        timeout_s: float | None = None,
    ) -> Fetched | T | None:
        """The answer; what was made of the last one if nothing changed; None when the address has nothing now."""
        try:
            answer = await self._asker.get(
                url,
                headers=last.conditions(url),
                max_bytes=max_bytes,
                redirects=REDIRECTS,
                watched=watched,
                cut=cut,
                timeout_s=timeout_s,
            )
        except Failure:
            return None
        if answer.status == 304:
            return last.value(url)
        return answer if answer.status == 200 else None


def _site(url: str, watched: Watched | None = None) -> str:
    """Who answers for what is there: an operator has any number of picture hosts."""
    return watched.site.host if watched else host_of(url)
