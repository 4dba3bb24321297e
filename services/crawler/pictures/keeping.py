"""Bytes of pictures and videos → the quarantine, beside the visits: none waits for it, and none fails with it."""

import asyncio
from collections import OrderedDict
from contextlib import AsyncExitStack, suppress
from datetime import date
from types import TracebackType
from typing import Self

import structlog

from shared.clock import Clock
from shared.failures import Failure
from shared.objects.quarantine import Quarantine, open_quarantine, why_hash_only
from shared.settings import QuarantineSettings

log = structlog.get_logger(__name__)

WRITERS = 4
MOST_WAITING_BYTES = 64 * 1024 * 1024  # what comes beyond is not kept: the store is slower than the web
MOST_REMEMBERED = 100_000  # names that were kept today: 200 bytes each
SWEEP_EVERY_S = 600.0
LAST_WRITES_S = 5.0  # of a service that stops


class Keeper:
    """A resource. `active` is False in hash-only mode: then `keep` does nothing; what was kept before ends in time."""

    def __init__(self, settings: QuarantineSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._waiting_bytes = 0
        self._kept: OrderedDict[str, date] = OrderedDict()
        self._quarantine: Quarantine | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._open = AsyncExitStack()

    @property
    def active(self) -> bool:
        return self._quarantine is not None

    async def __aenter__(self) -> Self:
        quarantine = await self._open.enter_async_context(open_quarantine(self._settings, self._clock))
        if quarantine:
            self._tasks.append(asyncio.create_task(self._sweep(quarantine)))
        if why := why_hash_only(self._settings):
            log.info("hash-only: no byte of a picture or video is kept", why=why)
        elif quarantine:
            self._quarantine = quarantine
            self._tasks += [asyncio.create_task(self._write(quarantine)) for _ in range(WRITERS)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.written(), LAST_WRITES_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._open.aclose()

    def lacks(self, name: str) -> bool:
        """Whether it would be kept today, and is not yet."""
        return self.active and self._kept.get(name) != self._clock.now().date()

    def keep(self, name: str, data: bytes) -> None:
        """Keep it soon, once a day. What cannot be kept is logged."""
        if not self.lacks(name):
            return
        if self._waiting_bytes + len(data) > MOST_WAITING_BYTES:
            self._lose(name, "too much waits for the store")
            return
        self._kept[name] = self._clock.now().date()
        if len(self._kept) > MOST_REMEMBERED:
            self._kept.popitem(last=False)
        self._waiting_bytes += len(data)
        self._waiting.put_nowait((name, data))

    async def written(self) -> None:
        """Returns when nothing waits any more."""
        if self.active:
            await self._waiting.join()

    async def _write(self, quarantine: Quarantine) -> None:
        while True:
            name, data = await self._waiting.get()
            try:
                await quarantine.put(name, data)
            except Failure as failure:
                self._lose(name, str(failure))
            except Exception:
                log.exception("our code could not handle it")
                self._lose(name, "see above")
            finally:
                self._waiting_bytes -= len(data)
                self._waiting.task_done()

    async def _sweep(self, quarantine: Quarantine) -> None:
        while True:
            try:
                for day in await quarantine.sweep():
                    log.info("quarantine of a day destroyed", day=str(day))
            except Failure as failure:
                log.warning("the quarantine could not be swept", reason=str(failure))
            except Exception:
                log.exception("our code could not handle it")
            await self._clock.sleep(SWEEP_EVERY_S)

    def _lose(self, name: str, why: str) -> None:
        self._kept.pop(name, None)
        log.warning("not kept in quarantine", name=name, why=why)
