"""The posts of a board whose engine is not known: parts of the page that are alike, each with a date (pure)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from turbohtml import Axis, Document, Element

from services.crawler.pages.page_text import lines_of
from services.crawler.pages.posts import MAX_POSTS, NAMES, author_of, posted_at
from shared.events.values import MAX_EXCERPT, Post
from shared.pages.weight import has_letters

DATED = ':is(time, [class*="date" i], [datetime])'
FEWEST, LEAST_LETTERS = 2, 15
MAX_DATED = 500
MAX_CLIMB = 10
MAX_NAME = 40  # characters beside a date: more is the post itself
PROBED, LEAST_OWN = 3, 20  # characters beside links that one of the first three has, if they are no list
HEADER_LINES, HEADER_REST = 3, 10  # a post's first lines are its header, if they have little beside name and date


class Candidate(NamedTuple):
    part: Element
    author: str | None
    date: str
    posted_at: datetime


def candidates(page: Document) -> tuple[Candidate, ...]:
    """Before the page's links are cut, since authors are links."""
    dates = page.select(DATED)
    if not FEWEST <= len(dates) <= MAX_DATED:
        return ()
    parts = _repeated(dates)[:MAX_POSTS]
    if all(_is_row(part) for part, _ in parts[:PROBED]):
        return ()
    return tuple(found for part, date in parts if (found := _candidate(part, date)))


def repeated_posts(found: Sequence[Candidate]) -> tuple[Post, ...]:
    """After the page's links are cut: a row of a list says nothing then, a post does."""
    said = ((one, _said(one)) for one in found)
    posts = [
        Post(author=one.author, posted_at=one.posted_at, text=text[:MAX_EXCERPT])
        for one, text in said
        if has_letters(text, LEAST_LETTERS)
    ]
    return tuple(posts) if len(posts) >= FEWEST else ()


def _candidate(part: Element, date: Element) -> Candidate | None:
    if (at := posted_at(date)) is None:
        return None
    return Candidate(part, author_of(part, part.select_one(NAMES) or _beside(date)), " ".join(date.text.split()), at)


def _said(one: Candidate) -> str:
    """Without the header that names author and date."""
    lines = lines_of(one.part).split("\n")
    longest = len(one.date) + len(one.author or "") + HEADER_REST
    lines[:HEADER_LINES] = [line for line in lines[:HEADER_LINES] if len(line) > longest or not _is_header(line, one)]
    return "\n".join(lines)


def _is_header(line: str, one: Candidate) -> bool:
    rest = line.replace(one.date, "").replace(one.author or one.date, "")
    return rest != line and len(rest.strip()) <= HEADER_REST


def _is_row(part: Element) -> bool:
    linked = sum(len(link.text) for link in part.find_all("a"))
    return len("".join(part.text.split())) - linked < LEAST_OWN


def _beside(date: Element) -> Element | None:
    """Whose name stands before the date, in no part that says so."""
    before = date.find(axis=Axis.PREVIOUS_SIBLINGS)
    return before if before is not None and 0 < len(before.text.strip()) <= MAX_NAME else None


def _repeated(dates: Iterable[Element]) -> list[tuple[Element, Element]]:
    """The largest parts of the page with one date each, of which there are several alike below one parent; and their
    dates."""
    climbs = [(date, _climb(date)) for date in dates]
    shared = Counter(chain.from_iterable(climb for _, climb in climbs))
    alike: dict[tuple[object, str, str], list[tuple[Element, Element]]] = {}
    for date, climb in climbs:
        if item := next((node for node in reversed(climb) if shared[node] == 1), None):
            alike.setdefault((item.parent, item.tag, item.attr("class") or ""), []).append((item, date))
    return max((items for items in alike.values() if len(items) >= FEWEST), key=len, default=[])


def _climb(date: Element) -> list[Element]:
    above: list[Element] = []
    node = date.parent
    while isinstance(node, Element) and len(above) < MAX_CLIMB and node.tag not in ("body", "main", "html"):
        above.append(node)
        node = node.parent
    return above
