"""The posts of a board's page whose engine is known, or says what they are (pure)."""

from collections.abc import Iterator

from turbohtml import Document

from services.crawler.engines import ENGINES, MARKS, Engine
from services.crawler.page_text import lines_of
from services.crawler.posts import MAX_POSTS, post
from shared.events.values import Post

MARKED_UP = '[itemtype$="/Comment"], [itemtype$="/DiscussionForumPosting"], [itemtype$="/SocialMediaPosting"]'
TEXT = '[itemprop="text"], [itemprop="articleBody"], [itemprop="description"]'
AUTHOR = '[itemprop="author"] [itemprop="name"], [itemprop="author"]'
DATE = '[itemprop="datePublished"], [itemprop="dateCreated"], time'


def known_thread(page: Document, classes: frozenset[str]) -> tuple[Post, ...]:
    """In the page's order; posts, then comments. `classes`: all class names of the page."""
    posts: list[Post] = []
    if not MARKS.isdisjoint(classes):
        posts = [one for engine in ENGINES if not engine.marks.isdisjoint(classes) for one in _posts(page, engine)]
    return tuple((posts or list(_marked_up(page)))[:MAX_POSTS])


def _posts(page: Document, engine: Engine) -> Iterator[Post]:
    for part in page.select(engine.posts)[:MAX_POSTS]:
        text = part.select_one(engine.text)
        if text and (said := lines_of(text)):
            yield post(part, part.select_one(engine.author), part.select_one(engine.date), said)


def _marked_up(page: Document) -> Iterator[Post]:
    for part in page.select(MARKED_UP)[:MAX_POSTS]:
        text = part.select_one(TEXT)
        if text and (said := text.attr("content") or lines_of(text)):
            yield post(part, part.select_one(AUTHOR), part.select_one(DATE), said)
