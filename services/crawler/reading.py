"""What a page says (pure): its own text and pictures, and where it leads.

A page's own content is what is not link: a picture inside a link to another page belongs to that page, and text in
links, navigation, headers and footers belongs to the site. So listings have no content, and every post has.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from services.crawler.charset import decode
from services.crawler.nesting import shallow
from services.crawler.own_content import cut_links
from services.crawler.page_pictures import is_picture, pictures
from services.crawler.urls import canonical
from services.crawler.weight import BLANKS, weight
from shared.events.values import Post

MIN_WEIGHT = 40  # a shorter text is a notice of the site ("3 new posts"), not content
MAX_LINKS, MAX_PICTURES = 2_000, 20  # a page: more is a trap or an archive, whose items have pages of their own
MAX_TITLE = 300
NOT_TEXT = ["script", "style", "noscript", "template", "button", "select", "time"]
OF_THE_SITE = ["nav", "header", "footer"]
# Tags that may stand inside a word: the text on both sides is one.
INLINE = ["a", "abbr", "b", "code", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u"]
FEEDS = frozenset({"application/rss+xml", "application/atom+xml"})
LANGUAGE = re.compile(r"^[a-z]{2}(?![a-z])", re.IGNORECASE)
SPACES, LINES = re.compile(r"[^\S\n]+"), re.compile(r"\s*\n\s*")


@dataclass(frozen=True)
class Page:
    """All addresses canonical, in the order of the page.

    `copy_of`: another address that the page names as its own (`rel=canonical`). `thread`: the posts of a board's or a
    journal's page. `inline_pictures`: bytes of `data:` addresses. `script_only`: an empty shell that needs a browser.
    `next_pages`: where a listing goes on.
    """

    title: str
    language: str | None
    text: str
    pictures: tuple[str, ...]
    is_content: bool
    links: tuple[str, ...]
    feeds: tuple[str, ...]
    copy_of: str | None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    videos: tuple[str, ...] = ()
    audio: tuple[str, ...] = ()
    thread: tuple[Post, ...] = ()
    inline_pictures: tuple[bytes, ...] = ()
    script_only: bool = False
    next_pages: tuple[str, ...] = ()


def read_page(body: bytes, url: str, content_type: str = "", site_language: str | None = None) -> Page:
    return read_html(decode(body, content_type, site_language), url)


def read_html(html: str, url: str) -> Page:
    """`url` is the page's canonical address."""
    tree = LexborHTMLParser(shallow(html))
    base = _base(tree, url)
    title, language, copy_of = _title(tree), _language(tree), _copy_of(tree, base, url)
    feeds = tuple(_unique(_feeds(tree, base)))
    tree.strip_tags(NOT_TEXT, recursive=True)
    links = tuple(_unique(_links(tree, base)))[:MAX_LINKS]
    tree.strip_tags(OF_THE_SITE, recursive=True)
    linked_pictures, rows = cut_links(tree, base, url)
    own = tuple(_unique([*pictures(tree, base), *linked_pictures]))[:MAX_PICTURES]
    tree.unwrap_tags(INLINE)
    text = _text(tree)
    for row in rows:
        row.decompose(recursive=False)
    is_content = bool(own) or weight(_text(tree) if rows else text) >= MIN_WEIGHT
    return Page(title, language, text, own, is_content, links, feeds, copy_of)


def visible_text(html: str) -> str:
    """Everything a visitor reads on the page, links included."""
    tree = LexborHTMLParser(shallow(html))
    tree.strip_tags(["script", "style", "template"], recursive=True)
    tree.unwrap_tags(INLINE)
    return _text(tree)


def picture_links(html: str, url: str) -> frozenset[str]:
    """Every address of a picture on the page, own or not."""
    tree = LexborHTMLParser(shallow(html))
    base = _base(tree, url)
    linked = (canonical(node.attributes["href"] or "", base) for node in tree.css("a[href]"))
    return frozenset(_unique([*pictures(tree, base), *linked]))


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return (canonical(node.attributes["href"] or "", url) if node else None) or url


def _title(tree: LexborHTMLParser) -> str:
    node = tree.css_first("title") or tree.css_first("h1")
    return BLANKS.sub(" ", node.text().replace("\0", "")).strip()[:MAX_TITLE] if node else ""


def _language(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("html[lang]")
    found = LANGUAGE.match(node.attributes["lang"] or "") if node else None
    return found[0].lower() if found else None


def _copy_of(tree: LexborHTMLParser, base: str, url: str) -> str | None:
    node = tree.css_first('link[rel="canonical"][href]')
    named = canonical(node.attributes["href"] or "", base) if node else None
    return named if named != url else None


def _feeds(tree: LexborHTMLParser, base: str) -> Iterator[str | None]:
    for node in tree.css('link[rel~="alternate"][href]'):
        if (node.attributes.get("type") or "").lower() in FEEDS:
            yield canonical(node.attributes["href"] or "", base)


def _links(tree: LexborHTMLParser, base: str) -> Iterator[str | None]:
    for node in tree.css("a[href], area[href], iframe[src], frame[src]"):
        link = canonical(node.attributes.get("href") or node.attributes.get("src") or "", base)
        if link and not is_picture(link):
            yield link


def _text(tree: LexborHTMLParser) -> str:
    body = tree.body
    if body is None:
        return ""
    body.merge_text_nodes()
    return LINES.sub("\n", SPACES.sub(" ", body.text(separator="\n").replace("\0", ""))).strip()


def _unique(found: Iterable[str | None]) -> Iterator[str]:
    return iter(dict.fromkeys(item for item in found if item))
