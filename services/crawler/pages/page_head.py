"""What a page says about itself in its head (pure)."""

import re
from dataclasses import dataclass, field

from turbohtml import Document

from services.crawler.pages.addresses import Addresses

MAX_TITLE = 300
FEEDS = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/json"})
SIGNS = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image")
LANGUAGE = re.compile(r"\s*([a-z]{2})(?![a-z])", re.IGNORECASE)


@dataclass
class Head:
    """`meta`: by `name`, `property` or `itemprop` in small letters, the first of each with content."""

    title: str
    language: str | None
    meta: dict[str, str] = field(default_factory=dict)
    feeds: list[str] = field(default_factory=list)
    next_pages: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    canonical: str | None = None


def read_head(page: Document, addresses: Addresses) -> Head:
    titled = page.find("title") or page.find("h1")
    title = " ".join(titled.text.replace("\0", "").split())[:MAX_TITLE] if titled else ""
    head = Head(title, _language(page.root.attr("lang") if page.root else None))
    for node in page.find_all("meta"):
        name = node.attr("property") or node.attr("name") or node.attr("itemprop") or node.attr("http-equiv")
        if name and (content := node.attr("content")):
            head.meta.setdefault(name.lower(), content)
    for node in page.find_all("link"):
        if (href := node.attr("href")) and (rel := node.attr("rel")) and (address := addresses[href]):
            _sort(head, set(rel.lower().split()), node.attr("type"), address)
    head.pictures += [found for name in SIGNS if name in head.meta and (found := addresses[head.meta[name]])]
    head.language = head.language or _language(head.meta.get("content-language") or head.meta.get("og:locale"))
    return head


def _sort(head: Head, rel: set[str], kind: str | None, address: str) -> None:
    if "canonical" in rel:
        head.canonical = head.canonical or address
    elif "alternate" in rel and (kind or "").partition(";")[0].strip().lower() in FEEDS:
        head.feeds.append(address)
    elif "next" in rel:
        head.next_pages.append(address)
    elif "image_src" in rel:
        head.pictures.append(address)


def _language(declared: str | None) -> str | None:
    found = LANGUAGE.match(declared) if declared else None
    return found[1].lower() if found else None
