"""The posts of a board's page whose engine is known, or says what they are (pure)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from turbohtml import Document, Element

from services.crawler.pages.engines import ENGINES, MARKS, Engine
from services.crawler.pages.page_text import lines_of
from services.crawler.pages.posts import MAX_POSTS, post
from shared.events.values import Post

MARKED_UP = '[itemtype$="/Comment"], [itemtype$="/DiscussionForumPosting"], [itemtype$="/SocialMediaPosting"]'
TEXT = '[itemprop="text"], [itemprop="articleBody"], [itemprop="description"]'
AUTHOR = ('[itemprop="author"] [itemprop="name"]', '[itemprop="author"]')
DATE = ('[itemprop="datePublished"]', '[itemprop="dateCreated"]', "time")


@dataclass(frozen=True)
class Thread:
    """`opening`: the post that the page is about, None where only its comments are known."""

    posts: tuple[Post, ...] = ()
    opening: Post | None = None


def known_thread(page: Document, classes: frozenset[str]) -> Thread:
    """In the page's order; posts, then comments. `classes`: all class names of the page."""
    posts: list[Post] = []
    opening: Post | None = None
    for engine in () if MARKS.isdisjoint(classes) else ENGINES:
        if not engine.marks.isdisjoint(classes):
            posts += _posts(page, engine)
            if posts and not engine.comments:
                opening = posts[0]
    if not posts and (posts := list(_marked_up(page))):
        opening = posts[0]
    return Thread(tuple(posts[:MAX_POSTS]), opening)


def _posts(page: Document, engine: Engine) -> Iterator[Post]:
    for part in page.select(engine.posts)[:MAX_POSTS]:
        text = _one(part, engine.text)
        if text and (said := lines_of(text)):
            yield post(part, _one(part, engine.author), _one(part, engine.date), said)


def _marked_up(page: Document) -> Iterator[Post]:
    if page.select_one("[itemtype]") is None:
        return
    for part in page.select(MARKED_UP)[:MAX_POSTS]:
        text = part.select_one(TEXT)
        if text and (said := text.attr("content") or lines_of(text)):
            yield post(part, _one(part, AUTHOR), _one(part, DATE), said)


def _one(part: Element, selectors: Iterable[str]) -> Element | None:
    return next((found for selector in selectors if (found := part.select_one(selector))), None)
