"""The originals of a finding's pictures and videos: as the page loaded them, else asked for by their address."""

import asyncio
import re
from itertools import chain
from typing import NamedTuple

from haetae_verify.canonical import digest
from services.evidence.capture.traffic import TooMuch, Traffic
from services.evidence.domain import Exchange
from shared.events.values import Picture, Video
from shared.net import AddressRefused, FetchFailed
from shared.objects.vault import MAX_OBJECT_BYTES
from shared.pages.inline_pictures import inline_pictures

PICTURE_S, VIDEO_S = 8.0, 20.0
ALL_S = 40.0  # for all of them: of a server that answers nothing, the last ones are missing and not what others gave
MAX_PICTURE_BYTES = 16 * 1024 * 1024  # as the crawler's
MAX_VIDEO_BYTES = MAX_OBJECT_BYTES  # of a longer one its beginning
INLINE = "#inline-"  # how the crawler names what stands in the page itself; then the beginning of its digest
SOURCE = re.compile(r"""["'(](data:image/[^"')\s]+)""", re.IGNORECASE)


class Had(NamedTuple):
    """`data`: None when it could not be had; `note` says why, or how it was had. `cut`: only its beginning.
    `by_page`: the page itself has it; else it was asked for by its address."""

    data: bytes | None
    note: str
    cut: bool = False
    by_page: bool = False


class Originals:
    """`html`: the document after its scripts ran."""

    def __init__(self, traffic: Traffic, page: Exchange, html: str) -> None:
        self._traffic, self._page = traffic, page
        self._until = asyncio.get_running_loop().time() + ALL_S
        self._by_digest = {exchange.sha256: exchange for exchange in traffic.exchanges}
        self._documents = (html, page.body.decode("latin-1"))

    async def picture(self, picture: Picture) -> Had:
        if loaded := self._loaded(picture):
            return loaded
        if INLINE in picture.url:
            return self._inside(picture.url.partition(INLINE)[2])
        return await self._asked(picture.url, MAX_PICTURE_BYTES, PICTURE_S, cut=False)

    async def video(self, video: Video) -> Had:
        return self._loaded(video) or await self._asked(video.url, MAX_VIDEO_BYTES, VIDEO_S, cut=True)

    def _loaded(self, item: Picture | Video) -> Had | None:
        exchange = self._by_digest.get(item.sha256) or self._traffic.answered(item.url)
        return Had(exchange.body, "loaded by the page", by_page=True) if exchange else None

    def _inside(self, beginning: str) -> Had:
        there = inline_pictures(chain.from_iterable(map(SOURCE.findall, self._documents)))
        found = next((body for body in there if beginning and digest(body).startswith(beginning)), None)
        if found is None:
            return Had(None, "a part of the page, which is preserved")
        return Had(found, "stands in the page itself", by_page=True)

    async def _asked(self, url: str, most: int, seconds: float, *, cut: bool) -> Had:
        try:
            async with asyncio.timeout_at(self._until):
                exchange = await self._traffic.load_media(url, self._page.url, most, cut=cut, seconds=seconds)
        except TimeoutError:
            return Had(None, f"not loaded by the page, and not to be had: all media took {ALL_S:g} s")
        except (AddressRefused, FetchFailed, TooMuch) as error:
            return Had(None, f"not loaded by the page, and not to be had: {error}")
        if exchange.status != 200:
            return Had(None, f"not loaded by the page, and its address answers {exchange.status}")
        return Had(exchange.body, "not loaded by the page; asked for by its address", exchange.cut)
