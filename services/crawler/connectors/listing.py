"""How far a listing that shows the newest first has been read (pure).

A visit reads one page. When all of it is new, what came before it may be new as well: the run goes on at the next page,
at the next visit, until a page shows something that is known. What is known is a mark of each item of a run's first
page: an item that was edited has another mark, so it is told again, and one that was removed is missed by nobody.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from services.crawler.connectors.answers import address, kept_in, text, whole
from services.crawler.connectors.port import Post

MOST_ITEMS = 200  # of a page: their marks must fit into the cursor
MARK = 6  # characters of base64, 36 bits: one new item in 300 million is taken for known
MAX_NEXT = 1_500
MOST_PAGES = 200  # of a run: 8,000 posts between two visits, or a listing without an end
FIRST_PAGES = 5  # how far back the first run goes


@dataclass(frozen=True)
class Place:
    """`marks`: of the first page of the last whole run; `fresh`: of the one that is under way, at its page number
    `pages`, which goes on at `next`. `salt`: keeps others from writing an item that has the mark of a known one."""

    salt: str
    marks: str = ""
    fresh: str = ""
    next: str | None = None
    pages: int = 0


@dataclass(frozen=True)
class Step:
    new: tuple[Post, ...]
    place: Place
    problem: str | None = None


def step(place: Place, items: Sequence[Post], onward: str | None) -> Step:
    """What is new of a page, and where to go on. `onward`: the address of the page of what is older."""
    left_out = f"{len(items) - MOST_ITEMS} items beyond {MOST_ITEMS} of a page left out" if items[MOST_ITEMS:] else None
    items = items[:MOST_ITEMS]
    known = _split(place.marks) | _split(place.fresh)
    marked = [(mark(post, place.salt), post) for post in items]
    new = tuple(post for one, post in marked if one not in known)
    fresh = place.fresh or "".join(one for one, _ in marked)
    pages = place.pages + 1
    most = MOST_PAGES if place.marks else FIRST_PAGES
    ends = not items or len(new) < len(items) or not onward or len(onward) > MAX_NEXT
    if not ends and pages < most:
        return Step(new, Place(place.salt, place.marks, fresh, onward, pages), left_out)
    if not ends and place.marks:
        left_out = f"{pages} pages without anything known: what is older is left out"
    # A listing that is empty for once must not make everything new again.
    return Step(new, Place(place.salt, fresh or place.marks), left_out)


def mark(post: Post, salt: str) -> str:
    said = "\x1f".join((post.url, post.title, post.text, *(media.url for media in (*post.pictures, *post.videos))))
    digest = hashlib.blake2b(said.encode("utf-8", "replace"), key=salt.encode()[:64], digest_size=6).digest()
    return urlsafe_b64encode(digest).decode()[:MARK]


def _split(marks: str) -> frozenset[str]:
    return frozenset(marks[start : start + MARK] for start in range(0, len(marks), MARK))


def read_place(cursor: str | None, salt: str) -> Place:
    """`salt`: for a source that is read for the first time, or whose cursor another connector wrote."""
    kept = kept_in(cursor)
    if not (kept_salt := text(kept.get("salt"))):
        return Place(salt)
    marks, fresh = text(kept.get("marks")), text(kept.get("fresh"))
    onward, pages = address(kept.get("next")), whole(kept.get("pages"))
    return Place(kept_salt, marks, fresh, onward, pages) if onward and pages else Place(kept_salt, marks)


def write_place(place: Place) -> str:
    return json.dumps({name: value for name, value in asdict(place).items() if value}, separators=(",", ":"))
