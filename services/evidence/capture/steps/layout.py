"""The page's arrangement: where it shows pictures and text, without either."""

from services.evidence.capture.wireframe import wireframe
from services.evidence.capture.work import Made, StepFailed, Work
from services.evidence.domain import File
from shared.browser.chromium import WIDTH


async def layout(work: Work) -> Made:
    shown = work.drawn
    if not shown.boxes.blocks and not shown.boxes.known:
        raise StepFailed("the page has more parts than are looked at")
    drawing = wireframe(shown.boxes, WIDTH, shown.height)
    facts = {"pictures": len(shown.boxes.pictures), "lines": len(shown.boxes.text), "blocks": len(shown.boxes.blocks)}
    return Made((File("layout.svg", drawing, "image/svg+xml", content=False),), facts)
