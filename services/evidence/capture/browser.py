"""What a browser shows of a page that was fetched already: its document, text, screenshots and layout."""

import base64
from contextlib import suppress
from typing import Self

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from services.evidence.capture.boxes import MAX_NODES, STYLES, UNKNOWN, Boxes, boxes_of
from services.evidence.capture.traffic import Traffic
from services.evidence.domain import MAX_HEIGHT, Exchange, PageFailed, Rendering
from shared.browser import Chromium, Gate, PageBroke
from shared.browser.chromium import HEIGHT, WIDTH

JPEG_QUALITY = 80  # half the time of PNG and a tenth of its size; text stays legible
LOAD_S = 4.0  # of the capture's 8: pictures that come later are missing on the screenshot, not in the archive
# Pages fetch more when they have loaded, and when more of them is in sight: nothing for so long means that was all.
QUIET_S, SETTLE_S = 0.1, 1.0
TEXT_S = 2.0
MAX_RENDERED = 4_000_000  # characters kept of a document: at most 16 MB of UTF-8, where a script can make any number
MAX_TITLE = 1_000  # characters


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
                await _load(page, gate, document.url)
                return await _shown(page, gate, traffic, browser, user_agent)
        except PageBroke as error:
            raise PageFailed(f"{document.url}: {error}") from error


async def _load(page: Page, gate: Gate, url: str) -> None:
    await page.goto(url, wait_until="commit")
    with suppress(PlaywrightTimeout):
        await page.wait_for_load_state("load", timeout=LOAD_S * 1000)
    await gate.quiet(QUIET_S, SETTLE_S)


async def _shown(page: Page, gate: Gate, traffic: Traffic, browser: str, user_agent: str) -> Rendering:
    session = await page.context.new_cdp_session(page)
    visible = await _screenshot(session, HEIGHT)
    if (height := await _height(session)) > HEIGHT:  # what loads only when it comes into sight
        await page.set_viewport_size({"width": WIDTH, "height": height})
        await gate.quiet(QUIET_S, SETTLE_S)
        await page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        height = await _height(session)
    await _freeze(session)
    before = await _boxes(session)
    screenshot = await _screenshot(session, height)
    boxes = before.with_later(await _boxes(session))
    html, text, title = await page.content(), await _text(page), await page.title()
    if (most := max(len(html), len(text))) > MAX_RENDERED:
        traffic.refuse(page.url, f"{most:,} characters after its scripts ran; {MAX_RENDERED:,} are kept")
    return Rendering(
        final_url=page.url,
        html=html[:MAX_RENDERED],
        text=text[:MAX_RENDERED],
        screenshot=screenshot,
        browser=browser,
        user_agent=user_agent,
        title=title[:MAX_TITLE],
        visible=visible,
        height=height,
        boxes=boxes,
    )


async def _height(session: CDPSession) -> int:
    """Asked of the browser, not of the page, whose scripts may answer anything."""
    metrics = await session.send("Page.getLayoutMetrics")
    return min(max(HEIGHT, int(metrics["cssContentSize"]["height"])), MAX_HEIGHT)


async def _freeze(session: CDPSession) -> None:
    """From here on the page stands still: its boxes are those of its screenshot."""
    await session.send("Emulation.setScriptExecutionDisabled", {"value": True})
    await session.send("Animation.enable")
    await session.send("Animation.setPlaybackRate", {"playbackRate": 0})


async def _screenshot(session: CDPSession, height: int) -> bytes:
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1}
    shot = await session.send(
        "Page.captureScreenshot",
        {"format": "jpeg", "quality": JPEG_QUALITY, "clip": clip, "captureBeyondViewport": height > HEIGHT},
    )
    return base64.b64decode(shot["data"])


async def _boxes(session: CDPSession) -> Boxes:
    if (await session.send("Memory.getDOMCounters"))["nodes"] > MAX_NODES:
        return UNKNOWN
    return boxes_of(await session.send("DOMSnapshot.captureSnapshot", {"computedStyles": list(STYLES)}))


async def _text(page: Page) -> str:
    try:
        return await page.locator("html").inner_text(timeout=TEXT_S * 1000)
    except PlaywrightError:  # an XML document has markup, but no text that a browser would lay out
        return ""
