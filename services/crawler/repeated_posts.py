"""The posts of a board whose engine is not known: parts of the page that are alike, each with a date (pure)."""

from collections import Counter
from collections.abc import Iterable, Iterator

from turbohtml import Document, Element

from services.crawler.page_text import lines_of
from services.crawler.posts import MAX_POSTS, NAMES, post
from services.crawler.weight import has_letters
from shared.events.values import MAX_EXCERPT, Post

DATED = 'time, [class*="date" i], [datetime]'
NOT_SAID = "a, button, script, style, form"
FEWEST, LEAST_LETTERS = 2, 15
MAX_DATED = 500
MAX_CLIMB = 10
MAX_NAME = 40  # characters beside a date: more is the post itself


def may_be_repeated(page: Document) -> bool:
    """Whether `repeated_posts` is worth its time."""
    return FEWEST <= len(page.select(DATED)) <= MAX_DATED


def repeated_posts(page: Document) -> tuple[Post, ...]:
    """Takes the tree apart."""
    found = [made for node in _repeated(page.select(DATED))[:MAX_POSTS] if (made := _read(node)) and made.posted_at]
    return tuple(found) if len(found) >= FEWEST else ()


def _read(node: Element) -> Post | None:
    """None for a row of a list, which says nothing but its link."""
    date, author = node.select_one(DATED), node.select_one(NAMES)
    if date is None:
        return None
    author = author or _beside(date)
    date.extract()
    named = post(node, author, date, "")
    if author is not None:
        author.extract()
    said = lines_of(node.remove(NOT_SAID))
    return named.model_copy(update={"text": said[:MAX_EXCERPT]}) if has_letters(said, LEAST_LETTERS) else None


def _beside(date: Element) -> Element | None:
    """Whose name stands before the date, in no part that says so."""
    before = next((node for node in date.previous_siblings if isinstance(node, Element)), None)
    return before if before is not None and 0 < len(before.text.strip()) <= MAX_NAME else None


def _repeated(dates: Iterable[Element]) -> list[Element]:
    """The largest parts of the page with one date each, of which there are several alike below one parent."""
    climbs = [list(_climb(date)) for date in dates]
    shared = Counter(node for climb in climbs for node in climb)
    alike: dict[tuple[object, str, str], dict[Element, None]] = {}
    for climb in climbs:
        if item := next((node for node in reversed(climb) if shared[node] == 1), None):
            alike.setdefault((item.parent, item.tag, item.attr("class") or ""), {})[item] = None
    return list(max((items for items in alike.values() if len(items) >= FEWEST), key=len, default=()))


def _climb(date: Element) -> Iterator[Element]:
    node = date.parent
    for _ in range(MAX_CLIMB):
        if not isinstance(node, Element) or node.tag in ("body", "main", "html"):
            return
        yield node
        node = node.parent
