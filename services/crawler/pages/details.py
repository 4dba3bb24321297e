"""What only a page of content is asked for: gathered before its links are cut, worked out when it is content (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from turbohtml import Document

from services.crawler.pages.bylines import Byline, byline
from services.crawler.pages.page_head import Head
from services.crawler.pages.repeated_posts import Candidate, candidates, repeated_posts
from services.crawler.pages.threads import Thread, known_thread
from shared.events.values import Post

LD = 'script[type="application/ld+json"]'


@dataclass(frozen=True)
class Details:
    byline: Byline
    data: Sequence[object]  # JSON-LD
    known: Thread
    candidates: tuple[Candidate, ...]  # what may be posts of an engine that is not known
    classes: frozenset[str]  # names

    def posts(self) -> tuple[Post, ...]:
        """To be asked after the page's links are cut, before its frame is."""
        return self.known.posts or repeated_posts(self.candidates)

    def authors(self) -> tuple[str, ...]:
        return self.byline.names(self.known.opening)

    def published_at(self) -> datetime | None:
        return self.byline.published_at(self.known.opening)


def details(page: Document, head: Head) -> Details:
    data = page.json_ld() if page.select_one(LD) else []
    classes = frozenset(" ".join(set(cast(list[str], page.xpath("descendant::*/@class")))).split())
    known = known_thread(page, classes)
    return Details(byline(page, head.meta, data), data, known, () if known.posts else candidates(page), classes)
