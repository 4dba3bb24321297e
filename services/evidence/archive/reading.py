"""What a page says, read from its bytes as they were received: no browser, no scripts (pure)."""

import re
from dataclasses import dataclass
from html import unescape

import turbohtml
from turbohtml import Document, Element

from shared.pages.weight import weighs

MAX_READ = 1024 * 1024  # bytes of a page: ten novels' chapters; what comes after them is not compared
# The worst of so many tags take a quarter of a second to read; ordinary pages have some thousand.
MANY_TAGS = 20_000
# The parser merges the attributes of every further <html> and <body> into the first: n of them cost n².
ROOTS, MANY_ROOTS = re.compile(rb"<(?:html|body)[\s/>]", re.IGNORECASE), 10
NOT_TEXT = ("title", "script", "style", "noscript", "template", "svg", "textarea", "select")
MIN_WEIGHT = 40  # a shorter text is a notice, not content
MOST = 200  # pictures and links that are counted: there is no need to know more
HEAD = 64 * 1024  # characters in which a page's title stands; browsers and search engines look no further
TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,1000})", re.IGNORECASE)
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """As `shared.pages.read.ReadPage` wants it, so that walls are recognised."""

    title: str
    text: str
    pictures: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    inline_pictures: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()

    @property
    def is_content(self) -> bool:
        return bool(self.pictures or self.videos) or weighs(self.text, MIN_WEIGHT)


def read(body: bytes, content_type: str = "") -> Reading | None:
    """None for what is not read: too much markup, or no page at all."""
    body = body[:MAX_READ]
    if b"\0" in body[:1024] or body.count(b"<") > MANY_TAGS or len(ROOTS.findall(body)) > MANY_ROOTS:
        return None
    page = _parsed(body, content_type)
    title = page.find("title")
    said = " ".join(title.text.split()) if isinstance(title, Element) else ""
    pictures, videos, links = (_first(page, *named) for named in (("img", "src"), ("video", "src"), ("a", "href")))
    for node in list(page.iter_elements(NOT_TEXT)):
        node.extract()
    return Reading(said, page.to_text(), pictures, links, videos)


def title_of(html: str) -> str:
    """Of a document of any size or make, for a list of pages."""
    found = TITLE.search(html[:HEAD])
    return " ".join(unescape(found[1]).split()) if found else ""


def _parsed(body: bytes, content_type: str) -> Document:
    """In the encoding that the server names, if there is one by that name; else as browsers guess it."""
    if named := CHARSET.search(content_type):
        try:
            return turbohtml.parse(body, encoding=named[1], positions=False)
        except (LookupError, ValueError):
            pass
    return turbohtml.parse(body, detect_encoding=True, positions=False)


def _first(page: Document, tag: str, attribute: str) -> tuple[str, ...]:
    found = (str(node.attrs[attribute]) for node in page.find_all(tag) if attribute in node.attrs)
    return tuple(value for value, _ in zip(found, range(MOST), strict=False))
