"""The page as it looked: all of it, and what fits one screen; and twice such that its pictures cannot be recognised."""

import asyncio

from services.evidence.capture.pictures import blurred
from services.evidence.capture.redacting import redacted
from services.evidence.capture.work import Made, StepFailed, Work
from services.evidence.domain import File, Rendering
from shared.browser.chromium import HEIGHT, WIDTH

JPEG = "image/jpeg"


async def screenshots(work: Work) -> Made:
    return await asyncio.to_thread(_made, work.drawn)


def _made(shown: Rendering) -> Made:
    preview = blurred(shown.screenshot)
    if preview is None:
        raise StepFailed("the browser's screenshot is no picture")
    files = (
        File("screenshot.jpg", shown.screenshot, JPEG),
        File("screenshot-blurred.jpg", preview, JPEG),
        File("screenshot-visible.jpg", shown.visible, JPEG),
        File("screenshot-redacted.jpg", redacted(shown.screenshot, shown.boxes), JPEG),
    )
    return Made(
        files,
        {"width": WIDTH, "height": shown.height, "visible_height": HEIGHT, "text_legible": shown.boxes.known},
    )
