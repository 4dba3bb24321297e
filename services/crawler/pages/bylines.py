"""Who wrote a page and when, as it says itself (pure)."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from turbohtml import Document, Element

from services.crawler.pages.dates import date_of
from shared.events.values import Post
from shared.text import one_line

MAX_AUTHORS, MAX_AUTHOR = 5, 100
META_AUTHORS = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "sailthru.author",
    "citation_author",
)
META_DATES = (
    "article:published_time", "datepublished", "og:published_time", "publishdate", "pubdate", "dc.date",
    "dcterms.created", "dc.date.issued", "parsely-pub-date", "sailthru.date", "date", "citation_publication_date",
    "uploaddate",
)  # fmt: skip
LD_DATES = ("datePublished", "dateCreated", "uploadDate")
MARKED_UP, LINKED_AUTHOR = "[itemprop]", 'a[rel~="author"]'
MARKED_AUTHOR, NAME = '[itemprop="author"]', '[itemprop="name"]'
MARKED_DATE = '[itemprop="datePublished"], [itemprop="dateCreated"], [itemprop="uploadDate"]'
MAX_LD = 200  # objects: lists of products have thousands


@dataclass(frozen=True)
class Byline:
    """As written, the most trustworthy first."""

    authors: tuple[str, ...]
    dates: tuple[str, ...]

    def published_at(self, opening: Post | None) -> datetime | None:
        said = next((found for date in self.dates if (found := date_of(date))), None)
        return said or (opening.posted_at if opening else None)

    def names(self, opening: Post | None) -> tuple[str, ...]:
        """Each once. An address of a profile is no name."""
        of_thread = [opening.author] if opening and opening.author else []
        tidy = (one_line(name[: 2 * MAX_AUTHOR], MAX_AUTHOR) for name in (*self.authors, *of_thread))
        return tuple(dict.fromkeys(name for name in tidy if name and "://" not in name))[:MAX_AUTHORS]


def byline(page: Document, meta: Mapping[str, str], data: Sequence[object]) -> Byline:
    """`data`: the page's JSON-LD."""
    objects, marked_up = list(_objects(data)), page.select_one(MARKED_UP) is not None
    author = (page.select_one(MARKED_AUTHOR) if marked_up else None) or page.select_one(LINKED_AUTHOR)
    dates = (page.select_one(MARKED_DATE) if marked_up else None, page.find("time", attrs={"datetime": True}))
    return Byline(
        (*_names(objects), *_of(meta, META_AUTHORS), *(_named(author) if author else ())),
        (
            *_strings(objects, LD_DATES),
            *_of(meta, META_DATES),
            *(said for node in dates if node for said in _said(node)),
        ),
    )


def objects_of(data: Sequence[object], wanted: str) -> Iterator[Mapping[str, object]]:
    """JSON-LD objects whose `@type` ends with `wanted`."""
    for one in _objects(data):
        kinds = one.get("@type")
        if any(str(kind).endswith(wanted) for kind in (kinds if isinstance(kinds, list) else [kinds])):
            yield one


def _objects(data: object) -> Iterator[Mapping[str, object]]:
    """All of them, nested ones after those around them; not recursive, and bounded."""
    waiting: deque[object] = deque([data])
    seen = 0
    while waiting and seen < MAX_LD:
        one = waiting.popleft()
        if isinstance(one, dict):
            seen += 1
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extendleft(reversed(one[:MAX_LD]))


def _strings(objects: Iterable[Mapping[str, object]], keys: Iterable[str]) -> Iterator[str]:
    wanted = tuple(keys)
    return (value for one in objects for key in wanted if isinstance(value := one.get(key), str))


def _names(objects: Iterable[Mapping[str, object]]) -> Iterator[str]:
    for one in objects:
        authors = one.get("author")
        for author in authors if isinstance(authors, list) else [authors]:
            name = author.get("name") if isinstance(author, dict) else author
            if isinstance(name, str):
                yield name


def _of(meta: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    return (meta[name] for name in names if name in meta)


def _named(node: Element) -> tuple[str, ...]:
    named = node.select_one(NAME) or node
    return (named.attr("content") or named.text,)


def _said(node: Element) -> Iterator[str]:
    return (said for said in (node.attr("datetime"), node.attr("content"), node.text[:MAX_AUTHOR]) if said)
