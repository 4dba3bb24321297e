"""Chromium: started once, a fresh context a capture, no way to the network but the capture's traffic."""

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
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from services.evidence.domain import HEIGHT, MAX_HEIGHT, WIDTH, Exchange, PageFailed, Rendering
from services.evidence.traffic import Traffic
from shared.failures import Transient

log = structlog.get_logger()

# The headless shell draws the same page with a third of the processor time: it has no window system to feed.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
JPEG_QUALITY = 80  # half the time of PNG and a tenth of its size; text stays legible
LOAD_S = 5.0  # of the capture's 8: pictures that come later are missing on the screenshot, not in the archive
TEXT_S = 2.0
MAX_RENDERED = 4_000_000  # characters kept of a document: at most 16 MB of UTF-8, where a script can make any number
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


def find_chromium(configured: Path | None) -> Path | None:
    """The browser to start; None for Playwright's own."""
    if configured:
        return configured
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """Enter it before the first capture. After a crash the next capture starts it anew."""

    def __init__(self, executable: Path | None, at_once: int) -> None:
        self._executable = find_chromium(executable)
        self._slots = asyncio.Semaphore(at_once)
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None

    async def __aenter__(self) -> Self:
        await self._running()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def user_agent(self) -> str:
        """What an ordinary Chromium of this version says of itself."""
        major = (await self._running()).version.partition(".")[0]
        return (
            f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
        )

    async def render(
        self, document: Exchange, traffic: Traffic, *, user_agent: str, scripts: bool, timeout: float
    ) -> Rendering:
        """Show a page that was fetched already. Raises `PageFailed`; `Transient` when Chromium does not start."""
        opened = False
        async with self._slots:
            chromium = await self._running()
            try:
                async with asyncio.timeout(timeout), _page(chromium, traffic, user_agent, scripts) as page:
                    opened = True
                    return await _shown(page, document, traffic, f"Chromium {chromium.version}", user_agent)
            except TimeoutError:
                if opened:
                    raise PageFailed(f"{document.url} was not drawn within {timeout:g} s") from None
                await self._stop()
                raise Transient("Chromium does not answer; it is started anew") from None
            except PlaywrightError as error:
                what = "the page" if chromium.is_connected() else "the browser"
                raise PageFailed(f"{document.url}: {what} broke down ({error.message.splitlines()[0]})") from error

    async def ready(self) -> None:
        await self._running()

    async def _running(self) -> Chromium:
        async with self._starting:
            if self._chromium is None or not self._chromium.is_connected():
                await self._stop()
                self._chromium = await self._start()
            return self._chromium

    async def _start(self) -> Chromium:
        as_root = os.geteuid() == 0
        if as_root:
            log.warning("chromium runs without its sandbox, because this process is root's: run it as another user")
        try:
            self._playwright = await async_playwright().start()
            chromium = await self._playwright.chromium.launch(
                executable_path=self._executable,
                args=ARGUMENTS,
                chromium_sandbox=not as_root,
                handle_sigint=False,  # who stops the service also stops the browser, after the captures in flight
                handle_sigterm=False,
                handle_sighup=False,
            )
        except PlaywrightError as error:
            await self._stop()
            raise Transient(
                f"Chromium does not start ({self._executable or 'Playwright’s own'}): {error.message[:500]}; "
                "install it or name it with HAETAE_CHROMIUM"
            ) from error
        log.info("chromium started", version=chromium.version, executable=str(self._executable))
        return chromium

    async def _stop(self) -> None:
        chromium, playwright, self._chromium, self._playwright = self._chromium, self._playwright, None, None
        for part in (chromium and chromium.close, playwright and playwright.stop):
            if part:
                with suppress(PlaywrightError, TimeoutError, ConnectionError):
                    await asyncio.wait_for(part(), CLOSE_S)


@asynccontextmanager
async def _page(chromium: Chromium, traffic: Traffic, user_agent: str, scripts: bool) -> AsyncIterator[Page]:
    context = await chromium.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        user_agent=user_agent,
        java_script_enabled=scripts,
        service_workers="block",
        accept_downloads=False,
    )
    try:
        await context.route("**/*", traffic.serve)
        await context.route_web_socket(ANY_SOCKET, traffic.refuse_socket)
        page = await context.new_page()
        context.on("page", lambda popup: asyncio.create_task(_closed(popup, traffic)))
        yield page
    finally:
        await asyncio.shield(_close(context, traffic))


async def _shown(page: Page, document: Exchange, traffic: Traffic, browser: str, user_agent: str) -> Rendering:
    await page.goto(document.url, wait_until="commit")
    with suppress(PlaywrightTimeout):
        await page.wait_for_load_state("load", timeout=LOAD_S * 1000)
    session = await page.context.new_cdp_session(page)
    # Asked of the browser, not of the page, whose scripts may answer anything.
    metrics = await session.send("Page.getLayoutMetrics")
    height = min(max(HEIGHT, int(metrics["cssContentSize"]["height"])), MAX_HEIGHT)
    screenshot = await page.screenshot(
        type="jpeg",
        quality=JPEG_QUALITY,
        full_page=True,
        clip={"x": 0, "y": 0, "width": WIDTH, "height": height},
    )
    html, text = await page.content(), await _text(page)
    if (most := max(len(html), len(text))) > MAX_RENDERED:
        traffic.refuse(page.url, f"{most:,} characters after its scripts ran; {MAX_RENDERED:,} are kept")
    return Rendering(
        final_url=page.url,
        html=html[:MAX_RENDERED],
        text=text[:MAX_RENDERED],
        screenshot=screenshot,
        browser=browser,
        user_agent=user_agent,
    )


async def _text(page: Page) -> str:
    try:
        return await page.locator("html").inner_text(timeout=TEXT_S * 1000)
    except PlaywrightError:  # an XML document has markup, but no text that a browser would lay out
        return ""


async def _closed(popup: Page, traffic: Traffic) -> None:
    traffic.refuse(popup.url, "a window that the page opened; captures keep to the page")
    with suppress(PlaywrightError):
        await popup.close()


async def _close(context: BrowserContext, traffic: Traffic) -> None:
    await traffic.close()
    with suppress(PlaywrightError):
        try:
            await asyncio.wait_for(context.close(), CLOSE_S)
        except TimeoutError:
            log.warning("a page does not close; chromium is started anew")
            if context.browser:
                await context.browser.close()
