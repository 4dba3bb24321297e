"""What a browser shows of a page that was fetched already: its document, text, screenshots and layout."""

import base64
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from playwright.async_api import CDPSession, Page
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
MAX_RENDERED = 4_000_000  # characters kept of a document: at most 16 MB of UTF-8, where a script can make any number
# An XML document has markup, but no text that a browser would lay out.
SAID = """most => {
  const root = document.documentElement, type = document.doctype;
  const html = (type ? new XMLSerializer().serializeToString(type) : "") + (root ? root.outerHTML : "");
  const text = root && root.innerText || "";
  return {
    html: html.slice(0, most), html_length: html.length, text: text.slice(0, most), text_length: text.length,
    title: (document.title || "").slice(0, 1000)
  };
}"""


class Browser(Chromium):
    """Enter it before the first capture: that starts it. The next captures' pages are opened beforehand."""

    def __init__(self, executable: Path | None, at_once: int) -> None:
        super().__init__(executable, at_once, spare=at_once)

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
    said = await _said(session)
    most = max(said["html_length"], said["text_length"])
    if most > MAX_RENDERED:
        traffic.refuse(page.url, f"{most:,} characters after its scripts ran; {MAX_RENDERED:,} are kept")
    before = await _boxes(session, most)
    screenshot = await _screenshot(session, height)
    boxes = before.with_later(await _boxes(session, most))
    return Rendering(
        final_url=page.url,
        html=said["html"],
        text=said["text"],
        screenshot=screenshot,
        browser=browser,
        user_agent=user_agent,
        title=said["title"],
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


async def _boxes(session: CDPSession, characters: int) -> Boxes:
    if characters > MAX_RENDERED or (await session.send("Memory.getDOMCounters"))["nodes"] > MAX_NODES:
        return UNKNOWN
    return boxes_of(await session.send("DOMSnapshot.captureSnapshot", {"computedStyles": list(STYLES)}))


async def _said(session: CDPSession) -> dict[str, Any]:
    """Document, text and title, cut where they are; asked in a world of our own, where neither the page's scripts nor
    the names that it gives its elements change what words mean."""
    tree = await session.send("Page.getFrameTree")
    world = await session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
    told = await session.send(
        "Runtime.evaluate",
        {"expression": f"({SAID})({MAX_RENDERED})", "contextId": world["executionContextId"], "returnByValue": True},
    )
    if "exceptionDetails" in told:
        raise PageFailed("the document of the page cannot be read out of the browser")
    said: dict[str, Any] = told["result"]["value"]
    return said
