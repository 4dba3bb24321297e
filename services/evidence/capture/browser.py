"""What a browser shows of a page that was fetched already: its document, text and screenshot."""

from contextlib import suppress
from typing import Self

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from services.evidence.capture.traffic import Traffic
from services.evidence.domain import MAX_HEIGHT, Exchange, PageFailed, Rendering
from shared.browser import Chromium, Gate, PageBroke
from shared.browser.chromium import HEIGHT, WIDTH

JPEG_QUALITY = 80  # half the time of PNG and a tenth of its size; text stays legible
LOAD_S = 5.0  # of the capture's 8: pictures that come later are missing on the screenshot, not in the archive
TEXT_S = 2.0
MAX_RENDERED = 4_000_000  # characters kept of a document: at most 16 MB of UTF-8, where a script can make any number


class Browser(Chromium):
    """Enter it before the first capture: that starts it."""

    async def __aenter__(self) -> Self:
        await self.ready()
        return self

    async def render(
        self, document: Exchange, traffic: Traffic, *, user_agent: str, scripts: bool, timeout: float
    ) -> Rendering:
        """Show a page that was fetched already. Raises `PageFailed`; `Transient` when Chromium does not start."""
        browser, gate = f"Chromium {await self.version()}", Gate(traffic, document)
        try:
            async with self.page(gate, user_agent=user_agent, timeout=timeout, scripts=scripts) as page:
                return await _shown(page, document, traffic, browser, user_agent)
        except PageBroke as error:
            raise PageFailed(f"{document.url}: {error}") from error


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
