"""Chromium: started once, a fresh context a page, no way to the network but the page's gate."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from shared.browser.gate import Gate
from shared.failures import Transient

log = structlog.get_logger()

WIDTH, HEIGHT = 1280, 800  # an ordinary laptop's
# The headless shell draws the same page with a third of the processor time: it has no window system to feed.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CLOSE_S = 5.0  # a context that does not close in that time takes the browser with it
ANY_SOCKET = re.compile("")
# Nothing that the fetcher does not answer gets out: no name resolves (addresses count as names here), whatever tries
# all the same goes to a proxy that is not there, and WebRTC may not send datagrams past the proxy.
ARGUMENTS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",  # Chromium's name for it; each build ignores the other's
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # the headless shell's
    "--disable-quic",
    "--dns-prefetch-disable",
)


class PageBroke(Exception):
    """The page could not be shown: it took too long, or it or the browser broke down."""


def find_chromium(configured: Path | None) -> Path | None:
    """The browser to start; None for Playwright's own."""
    if configured:
        return configured
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """Starts with the first page (or `ready`); after a crash the next page starts it anew. Stops when it is left."""

    def __init__(self, executable: Path | None, at_once: int) -> None:
        self._executable = find_chromium(executable)
        self._slots = asyncio.Semaphore(at_once)
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    @property
    def started(self) -> bool:
        return self._browser is not None

    async def ready(self) -> None:
        await self._running()

    async def version(self) -> str:
        return (await self._running()).version

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
        opened = False
        async with self._slots:
            browser = await self._running()
            try:
                async with asyncio.timeout(timeout), _open(browser, gate, user_agent, scripts) as page:
                    opened = True
                    yield page
            except TimeoutError:
                if opened:
                    raise PageBroke(f"was not drawn within {timeout:g} s") from None
                await self._stop()
                raise Transient("Chromium does not answer; it is started anew") from None
            except PlaywrightError as error:
                what = "the page" if browser.is_connected() else "the browser"
                raise PageBroke(f"{what} broke down ({error.message.splitlines()[0]})") from error

    async def _running(self) -> Browser:
        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                await self._stop()
                self._browser = await self._start()
            return self._browser

    async def _start(self) -> Browser:
        as_root = os.geteuid() == 0
        if as_root:
            log.warning("chromium runs without its sandbox, because this process is root's: run it as another user")
        try:
            self._playwright = await async_playwright().start()
            browser = await self._playwright.chromium.launch(
                executable_path=self._executable,
                args=ARGUMENTS,
                chromium_sandbox=not as_root,
                handle_sigint=False,  # who stops the service also stops the browser, after the pages in flight
                handle_sigterm=False,
                handle_sighup=False,
            )
        except PlaywrightError as error:
            await self._stop()
            raise Transient(
                f"Chromium does not start ({self._executable or 'Playwright’s own'}): {error.message[:500]}; "
                "install it or name it with HAETAE_CHROMIUM"
            ) from error
        log.info("chromium started", version=browser.version, executable=str(self._executable))
        return browser

    async def _stop(self) -> None:
        browser, playwright, self._browser, self._playwright = self._browser, self._playwright, None, None
        for part in (browser and browser.close, playwright and playwright.stop):
            if part:
                with suppress(PlaywrightError, TimeoutError, ConnectionError):
                    await asyncio.wait_for(part(), CLOSE_S)


@asynccontextmanager
async def _open(browser: Browser, gate: Gate, user_agent: str, scripts: bool) -> AsyncIterator[Page]:
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        user_agent=user_agent,
        java_script_enabled=scripts,
        service_workers="block",
        accept_downloads=False,
    )
    try:
        await context.route("**/*", gate.serve)
        await context.route_web_socket(ANY_SOCKET, gate.refuse_socket)
        page = gate.page = await context.new_page()
        context.on("page", lambda window: asyncio.create_task(gate.refuse_window(window)))
        yield page
    finally:
        await asyncio.shield(_close(context, gate))


async def _close(context: BrowserContext, gate: Gate) -> None:
    await gate.close()
    with suppress(PlaywrightError):
        try:
            await asyncio.wait_for(context.close(), CLOSE_S)
        except TimeoutError:
            log.warning("a page does not close; chromium is started anew")
            if context.browser:
                await context.browser.close()
