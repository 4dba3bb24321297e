"""Pictures of pages: fetched politely, hashed in a thread, asked for again only as "changed since?"."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from services.crawler.asking import Asker, header
from services.crawler.hashing import describe
from shared.events.values import Picture
from shared.failures import Failure

MOST_KEPT = 50_000  # pictures remembered: 2 KB each
THREADS = 2  # decoding and hashing are CPU work
REDIRECTS = 3


@dataclass(frozen=True)
class _Kept:
    picture: Picture
    etag: str | None
    last_modified: str | None


class PictureBox:
    def __init__(self, asker: Asker, max_bytes: int) -> None:
        self._asker, self._max_bytes = asker, max_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._threads = ThreadPoolExecutor(THREADS, "pictures")

    async def get(self, url: str) -> Picture | None:
        """The picture with its digests. None when it is not there now, or is none."""
        kept = self._kept.get(url)
        try:
            answer = await self._asker.get(
                url, headers=if_changed(kept), max_bytes=self._max_bytes, redirects=REDIRECTS
            )
        except Failure:
            return None
        if answer.status == 304 and kept:
            return kept.picture
        if answer.status != 200:
            return None
        picture = await self.describe(url, answer.body)
        self._kept[url] = _Kept(picture, header(answer, "etag"), header(answer, "last-modified"))
        self._kept.move_to_end(url)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return picture

    async def describe(self, url: str, body: bytes) -> Picture:
        return await asyncio.get_running_loop().run_in_executor(self._threads, describe, url, body)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def if_changed(kept: _Kept | None) -> dict[str, str]:
    if kept is None:
        return {}
    return conditions(kept.etag, kept.last_modified)


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Request headers that ask for the body only if it changed (RFC 9110, 13.1)."""
    wanted = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in wanted.items() if value}
