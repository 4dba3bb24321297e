"""The bytes of pictures and of video stills, from the quarantine in which the crawler keeps them for a while."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import structlog

from shared.clock import Clock
from shared.failures import Failure
from shared.objects.cipher import Tampered
from shared.objects.port import ObjectMissing
from shared.objects.quarantine import Quarantine, open_quarantine, why_hash_only
from shared.settings import QuarantineSettings

log = structlog.get_logger(__name__)

# The crawler writes beside its visits, so an event may come before the bytes; a second later they are nearly always
# there, or were never kept.
AGAIN_AFTER_S = (0.2, 0.4, 0.8)
GIVEN_UP = 20  # misses in a row: the crawler keeps nothing, so nobody waits until something is there again
FETCH_S = 20.0  # for one picture; the store's own limit for a read
AWAY_S = 30.0  # a store that failed is left alone for so long: the texts and hashes of a page do not wait for it


class NotHad(Exception):
    """Why the bytes are not there, in the words of `PictureSigns.unread`."""


class Originals:
    """A resource. `why_none`: why no bytes can be had at all, None when they can."""

    def __init__(self, settings: QuarantineSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._quarantine: Quarantine | None = None
        self._misses, self._away_until = 0, 0.0
        self._open = AsyncExitStack()
        self.why_none = why_hash_only(settings)

    async def __aenter__(self) -> Self:
        self._quarantine = await self._open.enter_async_context(open_quarantine(self._settings, self._clock))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def get(self, name: str) -> bytes:
        """Raises `NotHad`."""
        if self.why_none is not None or self._quarantine is None:
            raise NotHad(f"hash-only: {self.why_none or 'there is no quarantine'}")
        if self._clock.monotonic() < self._away_until:
            raise NotHad("the quarantine does not answer")
        try:
            async with asyncio.timeout(FETCH_S):
                body = await self._awaited(self._quarantine, name)
        except ObjectMissing:
            self._misses += 1
            raise NotHad("not in the quarantine (any more)") from None
        except Tampered as error:
            log.warning("a picture in the quarantine does not open", why=str(error))
            raise NotHad("what the quarantine holds of it does not open") from None
        except (Failure, TimeoutError) as error:
            self._away_until = self._clock.monotonic() + AWAY_S
            log.warning("the quarantine cannot be read; pictures are left out for a while", why=str(error) or "time")
            raise NotHad("the quarantine does not answer") from None
        self._misses = 0
        return body

    async def _awaited(self, quarantine: Quarantine, name: str) -> bytes:
        for pause in AGAIN_AFTER_S if self._misses < GIVEN_UP else ():
            try:
                return await quarantine.get(name)
            except ObjectMissing:
                await self._clock.sleep(pause)
        return await quarantine.get(name)
