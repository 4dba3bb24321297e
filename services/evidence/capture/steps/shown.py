"""Whether the page still shows what was found. What stands in its place must never be sealed as if it were the content.

Any picture or video of the finding that the page loads or names, as it was found or much alike, or a good part of its
text is enough: authors edit, avatars change, servers encode anew. That a picture's address still has it is not: it has
it behind every wall too.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from services.evidence.capture.likeness import MOST_READ, has_text, names_any, share_of_text, wall
from services.evidence.capture.work import Json, Made, Work
from services.evidence.domain import Exchange, PageFailed, PageGone
from shared.pages.text_share import SHARE

MOST_LOOKED_AT = 20  # pictures of the page, when none of the finding's is where it was


async def shown(work: Work) -> Made:
    """Raises `PageGone` for a wall, `PageFailed` for a page with nothing of the finding."""
    finding, media = work.event.finding, tuple(_media(work))
    share = await asyncio.to_thread(share_of_text, finding, work.page, work.drawn)
    there = [item for item in media if item["as_found"] or item.get("alike")]
    facts: dict[str, Json] = {
        "text_permille": round(share * 1000),
        "media_as_found": sum(bool(item["as_found"]) for item in media),
        "media_there": len(there),
    }
    if share >= SHARE or any(item["by_page"] for item in there):
        return Made(facts=facts)
    if stands_before := await asyncio.to_thread(wall, finding, work.page, work.drawn):
        raise PageGone(f"{work.page.url} answers with something else than the page ({stands_before})")
    if not (media or has_text(finding)) or await asyncio.to_thread(_named, there, work):
        return Made(facts=facts)
    if await _moved(work):
        return Made(facts={**facts, "media_elsewhere": True})
    raise PageFailed(f"{work.page.url} shows nothing of what was found: none of its pictures, nothing of its text")


def _media(work: Work) -> Iterator[Mapping[str, Json]]:
    step = work.done.get("media")
    for kind in ("pictures", "videos"):
        items = step.made.facts.get(kind) if step else ()
        if isinstance(items, list | tuple):
            yield from (item for item in items if isinstance(item, Mapping))


def _named(there: Iterable[Mapping[str, Json]], work: Work) -> bool:
    """Whether the page, or what it loaded, names one of them."""
    bodies = [one.body[:MOST_READ] for one in work.traffic.exchanges if not _is_picture(one)]
    texts = [work.drawn.html[:MOST_READ], *(body.decode("latin-1") for body in bodies)]
    return names_any((str(item["url"]) for item in there), texts)


def _is_picture(exchange: Exchange) -> bool:
    return exchange.headers.get("content-type", "").startswith("image/")


async def _moved(work: Work) -> bool:
    """Whether the page shows a picture of the finding under another address, encoded anew."""
    found = [picture for picture in work.event.finding.pictures if picture.pdq_dihedral]
    if not found:
        return False
    loaded = filter(_is_picture, work.traffic.exchanges)
    for exchange in sorted(loaded, key=lambda one: -len(one.body))[:MOST_LOOKED_AT]:
        seen = await work.look(exchange.body)
        if any(seen.shows(picture) for picture in found):
            return True
    return False
