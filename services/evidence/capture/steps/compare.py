"""Whether the two looks saw the same page."""

import asyncio
from collections.abc import Mapping

from services.evidence.archive.comparing import Found
from services.evidence.archive.comparing import compare as compared
from services.evidence.capture.work import Made, Work


async def compare(work: Work) -> Made:
    finding = work.event.finding
    pictures = {number: picture.sha256 for number, picture in enumerate(finding.pictures, start=1)}
    found = Found(finding.excerpt, pictures, work.event.capture)
    result = await asyncio.to_thread(compared, found, work.page, _had(work), work.second)
    return Made(facts=result.facts)


def _had(work: Work) -> dict[int, str | None]:
    """The digest of each of the finding's pictures that the step `media` brought."""
    media = work.done.get("media")
    listed = media.made.facts.get("pictures") if media else None
    had: dict[int, str | None] = {}
    for item in listed if isinstance(listed, list | tuple) else ():
        if isinstance(item, Mapping) and isinstance(number := item.get("number"), int):
            sha256 = item.get("sha256")
            had[number] = sha256 if isinstance(sha256, str) else None
    return had
