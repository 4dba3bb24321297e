"""Pictures and videos → digests and hashes: decoded in guarded children, each digest once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from services.crawler.pictures.decoding import look_at_picture
from services.crawler.pictures.keeping import Keeper
from services.crawler.pictures.seen import Outcome, Seen
from services.crawler.pictures.watching import look_at_video
from shared.guarded import Guarded, GuardKilled, GuardRaised, Limit
from shared.objects.quarantine import still_name
from shared.prints.digests import Digests, digests

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
# A picture of 50 million pixels is decoded in two seconds and 600 MiB; a machine that is busy is ten times slower.
PICTURE_CHILDREN, PICTURE_S, PICTURE_BYTES = 2, 20.0, 768 * MIB
VIDEO_CHILDREN, VIDEO_S, VIDEO_BYTES = 2, 90.0, 1024 * MIB
MOST_WAITING_BYTES = 128 * MIB  # undecoded pictures; the web is faster than two decoders
MOST_KEPT = 20_000  # digests remembered: 4 to 6 KB each
SLOW_TO_DIGEST = 256 * 1024  # a millisecond; more than that is done beside the event loop
USUAL = frozenset({Outcome.HASHED, Outcome.TOO_SMALL, Outcome.UNKNOWN})

OUTCOMES = {Limit.TIME: Outcome.TIME, Limit.MEMORY: Outcome.MEMORY, Limit.CRASH: Outcome.CRASH}


class Media:
    """A resource. What can be seen goes to the keeper too: pictures as they are, of videos the frames as JPEG."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._pictures = Guarded(
            look_at_picture,
            workers=PICTURE_CHILDREN,
            seconds=PICTURE_S,
            memory_bytes=PICTURE_BYTES,
            threads=True,  # the decoder of HEIC insists on one
        )
        self._videos = Guarded(look_at_video, workers=VIDEO_CHILDREN, seconds=VIDEO_S, memory_bytes=VIDEO_BYTES)
        self._kept: OrderedDict[str, Seen] = OrderedDict()
        self._running: dict[str, asyncio.Task[Seen]] = {}
        self._waiting_bytes, self._room = 0, asyncio.Event()
        self._room.set()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self._pictures)
        await self._open.enter_async_context(self._videos)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for running in tuple(self._running.values()):  # who asked for it is gone
            running.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self._open.aclose()

    async def room(self) -> None:
        """Returns when there is room for another undecoded picture: wait for it before fetching one."""
        await self._room.wait()

    async def picture(self, body: bytes) -> tuple[Digests, Seen]:
        """Its digests, and what is seen. Never raises for what the bytes are: that is the outcome."""
        named = await named_by(body)
        seen = await self._once(named.sha256, len(body), lambda: self._pictures(body))
        if seen.pdq_dihedral:
            self._keeper.keep(named.sha256, body)
        return named, seen

    async def video(self, body: bytes) -> tuple[Digests, Seen]:
        named = await named_by(body)
        known = self._kept.get(named.sha256)
        if known and known.frames and self._keeper.lacks(still_name(named.sha256, 0)):
            del self._kept[named.sha256]  # its stills are gone with their day: only a second look has them
        return named, await self._once(named.sha256, 0, lambda: self._videos(body, self._keeper.active))

    async def _once(self, sha256: str, waiting: int, look: Callable[[], Awaitable[Seen]]) -> Seen:
        """`waiting`: bytes that count as waiting for their turn (of videos there are few at a time, and large ones)."""
        if seen := self._kept.get(sha256):
            self._kept.move_to_end(sha256)
            return seen
        running = self._running.get(sha256)
        if running is None:
            running = self._running[sha256] = asyncio.create_task(self._look(sha256, waiting, look))
        return await asyncio.shield(running)  # others may wait for it too

    async def _look(self, sha256: str, waiting: int, look: Callable[[], Awaitable[Seen]]) -> Seen:
        self._holds(waiting)
        try:
            seen = await look()
        except GuardKilled as killed:
            seen = Seen(OUTCOMES[killed.why])
            log.warning("a picture or video had to be stopped", sha256=sha256, why=str(killed))
        except GuardRaised:
            seen = Seen(Outcome.CRASH)
            log.exception("our code could not handle it", sha256=sha256)
        finally:
            self._holds(-waiting)
            del self._running[sha256]
        if seen.outcome not in USUAL:
            log.info("not seen as a whole", sha256=sha256, outcome=seen.outcome)
        for number, still in enumerate(seen.stills):
            self._keeper.keep(still_name(sha256, number), still)
        self._kept[sha256] = seen = replace(seen, stills=())
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return seen

    def _holds(self, more: int) -> None:
        self._waiting_bytes += more
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self._room.clear()
        else:
            self._room.set()


async def named_by(body: bytes) -> Digests:
    return digests(body) if len(body) <= SLOW_TO_DIGEST else await asyncio.to_thread(digests, body)
