"""What a page that was drawn still has of a finding, and whether it is a wall instead (pure)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.evidence.domain import Exchange, Rendering
from shared.events.values import Finding
from shared.pages.bare import bare
from shared.pages.text_share import MIN_TEXT, text_share
from shared.pages.walls import Walled, wall_of
from shared.pages.weight import weighs

MOST_READ = 1_000_000  # characters of a document that are searched for the finding's text
MIN_WEIGHT = 40  # as the crawler's: less is a notice, no content
MIN_NAME = 5  # characters: `1.jpg` is a name, less is in every page
LAST = re.compile(r"/([^/?#]+)(?:[?#]|$)")
META = re.compile(r"<(?:meta|link)\s[^<>]{0,2000}+>", re.IGNORECASE)
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


def names_any(urls: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether a text has the last part of one of the addresses: a page that shows a picture only when somebody scrolls
    or clicks names it all the same, however it writes its address. Not in its `meta`, for search engines: walls have
    those too."""
    lasts = [last[1] for url in urls if (last := LAST.search(url)) and len(last[1]) >= MIN_NAME]
    return any(last in said for said in (META.sub("", text) for text in texts) for last in lasts)


def wall(finding: Finding, document: Exchange, shown: Rendering) -> Walled | None:
    page = Drawn(
        title=shown.title,
        text=shown.text,
        links=tuple(LINK.findall(shown.html)),
        is_content=weighs(shown.text, MIN_WEIGHT),
    )
    body = shown.html[:MOST_READ].encode(errors="replace")
    return wall_of(document.status, document.headers, finding.url, shown.final_url, page, body)
