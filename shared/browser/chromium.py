"""Chromium, kept ready: a fresh context a page, no way to the network but its gate, renewed before it grows old."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from shared.browser import processes
from shared.browser.gate import Gate
from shared.browser.instance import Instance
from shared.browser.opening import HEIGHT, WIDTH, Opened
from shared.failures import Transient

__all__ = ["HEIGHT", "NAMES", "WIDTH", "Chromium", "PageBroke", "find_chromium"]

log = structlog.get_logger()

# The headless shell draws the same page with a third of the processor time: it has no window system to feed.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# A browser is replaced after so many pages, or when it keeps so much memory to itself: pages leak.
MOST_PAGES = 500
MOST_BYTES = 1024 * 1024 * 1024
LOOK_EVERY = 10  # pages: asking for the memory of its processes takes a few milliseconds


class PageBroke(Exception):
    """The page could not be shown: it took too long, or it or the browser broke down."""


def find_chromium(configured: Path | None) -> Path | None:
    """The browser to start; None for Playwright's own."""
    if configured:
        return configured
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """Starts with the first page (or `ready`); after a crash the next page starts it anew. Stops when it is left.

    `at_once`: pages at the same time. `spare`: pages that are opened beforehand, for whoever comes next as the same
    user agent.
    """

    def __init__(self, executable: Path | None, at_once: int, spare: int = 0) -> None:
        self._executable = find_chromium(executable)
        self._slots = asyncio.Semaphore(at_once)
        self._changing = asyncio.Lock()
        self._instance: Instance | None = None
        self._spare, self._ready = spare, list[Opened]()
        self._beside: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spare = 0
        while self._beside:
            await asyncio.gather(*self._beside, return_exceptions=True)
        await self._retire()
        await asyncio.gather(*self._beside, return_exceptions=True)

    @property
    def started(self) -> bool:
        return self._instance is not None

    async def ready(self) -> None:
        await self._running()

    async def version(self) -> str:
        return (await self._running()).browser.version

    async def user_agent(self) -> str:
        """What an ordinary Chromium of this version says of itself."""
        major = (await self.version()).partition(".")[0]
        return (
            f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
        )

    @asynccontextmanager
    async def page(self, gate: Gate, *, user_agent: str, timeout: float, scripts: bool = True) -> AsyncIterator[Page]:
        """An empty page in a context of its own, for so many seconds once it is open.

        Raises `PageBroke`, also for what goes wrong inside; `Transient` when Chromium does not start.
        """
        async with self._slots:
            opened = await self._open(user_agent, scripts, timeout)
            crashed = False
            instance = opened.instance
            try:
                try:
                    async with asyncio.timeout(timeout) as left:

                        def crash(_: Page) -> None:
                            nonlocal crashed
                            crashed = True
                            with suppress(RuntimeError):  # it is over already
                                left.reschedule(0)  # nothing that is asked of it is answered any more

                        opened.page.on("crash", crash)
                        yield opened.begin(gate)
                finally:
                    await asyncio.shield(self._closed(opened))
            except TimeoutError:
                raise PageBroke("its tab crashed" if crashed else f"was not drawn within {timeout:g} s") from None
            except PlaywrightError as error:
                raise _broke(instance, error) from error

    async def _open(self, user_agent: str, scripts: bool, timeout: float) -> Opened:
        instance = await self._running()
        instance.in_use += 1
        instance.pages += 1
        for opened in self._ready:
            if (opened.instance, opened.user_agent, opened.scripts) == (instance, user_agent, scripts):
                self._ready.remove(opened)
                return opened
        try:
            async with asyncio.timeout(timeout):
                return await Opened.open(instance, user_agent, scripts=scripts)
        except TimeoutError:
            instance.in_use -= 1
            await self._retire(instance)
            raise Transient("Chromium does not answer; it is started anew") from None
        except PlaywrightError as error:
            instance.in_use -= 1
            if not instance.alive:  # it died before it saw anything of this page
                raise Transient("Chromium ended; it is started anew") from error
            raise _broke(instance, error) from error
        except BaseException:
            instance.in_use -= 1
            raise

    async def _closed(self, opened: Opened) -> None:
        instance = opened.instance
        await opened.close()
        instance.in_use -= 1
        if instance is not self._instance:  # retired meanwhile: the last page ends it
            if not instance.in_use:
                self._do(instance.stop())
        elif instance.pages >= MOST_PAGES or (
            instance.pages % LOOK_EVERY == 0 and instance.private_bytes() > MOST_BYTES
        ):
            self._do(self._renew(instance))
        elif opened.scripts and len(self._ready) < self._spare:
            self._do(self._prepare(instance, opened.user_agent))

    async def _prepare(self, instance: Instance, user_agent: str) -> None:
        with suppress(PlaywrightError):
            opened = await Opened.open(instance, user_agent, scripts=True)
            if instance is self._instance and len(self._ready) < self._spare:
                self._ready.append(opened)
            else:
                await opened.close()

    async def _renew(self, old: Instance) -> None:
        """The new one is there before the old one goes: nobody waits for its start."""
        log.info("chromium is renewed", pages=old.pages)
        old.pages = 0  # once
        try:
            new = await Instance.start(self._executable)
        except Transient as failure:
            log.warning("chromium could not be renewed; the old one goes on", why=str(failure))
            return
        async with self._changing:
            if self._instance is not old:
                await new.stop()
                return
            self._instance = new
        self._ready = [opened for opened in self._ready if opened.instance is not old]
        if not old.in_use:  # else its last page ends it
            await old.stop()

    async def _running(self) -> Instance:
        async with self._changing:
            if self._instance and self._instance.alive:
                return self._instance
            if old := self._instance:
                self._instance = None
                await self._put_away(old)
            else:
                await asyncio.to_thread(processes.sweep)
            self._instance = await Instance.start(self._executable)
            return self._instance

    async def _retire(self, instance: Instance | None = None) -> None:
        """Stop the browser; the next page starts another."""
        async with self._changing:
            old, self._instance = self._instance, None
            if old and (instance is None or instance is old):
                await self._put_away(old)
            elif old:
                self._instance = old

    async def _put_away(self, old: Instance) -> None:
        self._ready = [opened for opened in self._ready if opened.instance is not old]
        await old.stop()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def _broke(instance: Instance, error: PlaywrightError) -> PageBroke:
    """People read the reason; what was asked of the browser is for the log."""
    what = "the page" if instance.alive else "the browser"
    log.warning("a page was not shown", broke_down=what, asked_for=error.message.partition(":")[0][:100])
    return PageBroke(f"{what} broke down")
