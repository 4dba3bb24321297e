"""One post of a thread, from the parts of the page that show it (pure)."""

from collections.abc import Iterable
from datetime import datetime

from turbohtml import Element

from services.crawler.pages.dates import date_of
from shared.events.values import MAX_EXCERPT, Post

MAX_POSTS = 200  # a page: boards show 10 to 100
MAX_AUTHOR = 100
AUTHORS = ("data-author", "data-nick", "data-username")
DATES = ("datetime", "data-time", "data-datestring", "title", "content")
NAMES = ", ".join(
    ('[rel~="author"], [itemprop="author"]', *(f'[class*="{name}" i]' for name in ("author", "nick", "user", "writer")))
)
PIECE = 60  # characters by which a post is found in a text


def post(part: Element, author: Element | None, date: Element | None, said: str) -> Post:
    """`part`: the whole post; `said`: its text."""
    return Post(author=author_of(part, author), posted_at=posted_at(date) if date else None, text=said[:MAX_EXCERPT])


def author_of(part: Element, author: Element | None) -> str | None:
    named = _said(part, AUTHORS) or (_said(author, AUTHORS) if author else None)
    return " ".join((named or (author.text if author else "")).split())[:MAX_AUTHOR] or None


def _said(node: Element, names: Iterable[str]) -> str | None:
    for name in names:
        if said := node.attr(name):
            return said
    return None


def posted_at(date: Element) -> datetime | None:
    for name in DATES:
        if (text := date.attr(name)) and (found := date_of(text)):
            return found
    return date_of(date.text)


def with_posts(text: str, posts: Iterable[Post]) -> str:
    """The text of a page with all of its posts: its main part may be the first of them only."""
    lines = set(text.split("\n"))
    longest = ((one, max(one.text.split("\n"), key=len)) for one in posts)
    missing = [one.text for one, line in longest if line not in lines and line[:PIECE] not in text]
    return "\n".join([text, *missing]) if missing else text
