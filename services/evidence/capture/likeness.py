"""What a page that was drawn still has of a finding, and whether it is a wall instead (pure)."""

import re
from dataclasses import dataclass

from services.evidence.domain import Exchange, Rendering
from shared.events.values import Finding
from shared.pages.bare import bare
from shared.pages.text_share import MIN_TEXT, text_share
from shared.pages.walls import Walled, wall_of
from shared.pages.weight import weighs

MOST_READ = 1_000_000  # characters of a document that are searched for the finding's text
MIN_WEIGHT = 40  # as the crawler's: less is a notice, no content
LINK = re.compile(r"<a\s[^>]*href", re.IGNORECASE)


@dataclass(frozen=True)
class Drawn:
    """A page as walls are told by (`shared.pages.read.ReadPage`). Its pictures are none of the finding's."""

    title: str
    text: str
    links: tuple[str, ...]
    is_content: bool
    pictures: tuple[()] = ()
    videos: tuple[()] = ()
    inline_pictures: tuple[()] = ()
    thread: tuple[()] = ()


def has_text(finding: Finding) -> bool:
    return len(bare(finding.excerpt)) >= MIN_TEXT


def share_of_text(finding: Finding, document: Exchange, shown: Rendering) -> float:
    """Which part of the finding's text is in the page, 0 … 1: as it was drawn, or anywhere in it."""
    places = (shown.text, shown.html, document.body[:MOST_READ].decode(errors="replace"))
    return max(text_share(finding.excerpt, text[:MOST_READ]) for text in places)


def wall(finding: Finding, document: Exchange, shown: Rendering) -> Walled | None:
    page = Drawn(
        title=shown.title,
        text=shown.text,
        links=tuple(LINK.findall(shown.html)),
        is_content=weighs(shown.text, MIN_WEIGHT),
    )
    body = shown.html[:MOST_READ].encode(errors="replace")
    return wall_of(document.status, document.headers, finding.url, shown.final_url, page, body)
