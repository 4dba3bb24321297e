"""The capture as a web archive that ReplayWeb.page opens."""

import asyncio

from services.evidence.archive.reading import title_of
from services.evidence.archive.wacz import MEDIA_TYPE, NAME, Contents, Page, Resource, pack
from services.evidence.capture.work import Made, Work
from services.evidence.domain import File
from shared.version import VERSION

# What goes into it of what other steps made: file → how replay tools name it, what says most in least space first.
RESOURCES = {"text.txt": "text", "screenshot-visible.jpg": "view", "screenshot.jpg": "fullPage", "page.html": "dom"}


async def archive(work: Work) -> Made:
    document, rendering = work.page, work.drawn
    page = Page(document.url, title_of(rendering.html), rendering.text, document.at, str(work.event.case_id))
    made = {file.name: file for done in work.done.values() for file in done.made.files}
    kept = {kind: made[name] for name, kind in RESOURCES.items() if name in made}
    # Each once: of a page that fits into the window, the screenshots are the same.
    resources = {file.data: Resource(kind, file.data, file.media_type) for kind, file in kept.items()}
    about = {
        "software": f"Haetae {VERSION}; {rendering.browser}",
        "http-header-user-agent": work.user_agent,
        "isPartOf": str(work.event.case_id),
        "description": f"Capture of {work.event.finding.url}",
    }
    contents = Contents(tuple(work.traffic.exchanges), tuple(resources.values()), tuple(work.traffic.beside))
    packed = await asyncio.to_thread(pack, page, contents, about, work.clock.now())
    facts = {"records": packed.records, "left_out": packed.left_out}
    return Made((File(NAME, packed.data, MEDIA_TYPE),), facts)
