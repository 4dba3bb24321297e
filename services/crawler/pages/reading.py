"""What a page says (pure): its own text and pictures, and where it leads.

A page's own content is what is not link: a picture inside a link to another page belongs to that page, and text in
links, navigation, headers and footers belongs to the site. So listings have no content, and every post has.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import cast

from turbohtml import Document, parse

from services.crawler.pages.addresses import Addresses, page_addresses
from services.crawler.pages.charset import decode
from services.crawler.pages.details import details
from services.crawler.pages.listings import next_pages
from services.crawler.pages.main_text import main_text
from services.crawler.pages.own_content import cut_frame, cut_links
from services.crawler.pages.page_head import Head, read_head
from services.crawler.pages.page_media import MEDIA_FILES, media
from services.crawler.pages.page_pictures import PICTURE_FILES, ending, of_sheets, pictures, sources
from services.crawler.pages.page_text import bare_text, cut_what_is_no_text, text_of
from services.crawler.pages.posts import with_posts
from services.crawler.pages.shells import needs_browser
from shared.events.values import Post
from shared.pages.inline_pictures import inline_pictures
from shared.pages.weight import weighs
from shared.spoken import by_script, by_words

LINKS = "//a/@href | //area/@href | //iframe/@src | //frame/@src"
MIN_WEIGHT = 40  # a shorter text is a notice of the site ("3 new posts"), not content
MAX_LINKS, MAX_PICTURES = 2_000, 20  # a page: more is a trap or an archive, whose items have pages of their own


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
    return with_language(read_html(decode(body, content_type, site_language), url))


def with_language(page: Page) -> Page:
    """Content that does not say its language, by its words."""
    return replace(page, language=by_words(page.text)) if page.is_content and page.language is None else page


def read_html(html: str, url: str) -> Page:
    """`url` is the page's canonical address."""
    page = parse(html, positions=False)
    addresses = page_addresses(page, url)
    head = read_head(page, addresses)
    links, media_files, picture_files = _links(page, addresses)
    said = details(page, head)
    script_only = needs_browser(page, len(links))
    cut_frame(page)
    thumbnails = cut_links(page, addresses, url, picture_files, is_thread=bool(said.known.posts))
    shown = list(sources(page))
    own = _first(MAX_PICTURES, chain(pictures(page, shown, addresses), thumbnails))
    decoration = of_sheets(page, addresses)
    inline = inline_pictures(shown)
    videos, audio = (media(page, addresses, kind, media_files, head.meta, said.data) for kind in ("video", "audio"))
    cut_what_is_no_text(page)
    whole = bare_text(page)
    is_content = bool(own or inline or videos or audio or said.known.posts) or weighs(whole, MIN_WEIGHT)
    thread = said.posts() if is_content else ()
    text = main_text(page, len(whole), said.classes) if is_content else text_of(page)
    return Page(
        title=head.title,
        language=by_script(text, head.language) if is_content else head.language,
        text=with_posts(text, thread),
        pictures=_shown(own, decoration, head) if is_content else (),
        is_content=is_content,
        links=links,
        feeds=tuple(dict.fromkeys(head.feeds)),
        copy_of=head.canonical if head.canonical != url else None,
        authors=said.authors() if is_content else (),
        published_at=said.published_at() if is_content else None,
        videos=videos,
        audio=audio,
        thread=thread,
        inline_pictures=inline,
        script_only=script_only,
        next_pages=next_pages(url, links, head.next_pages),
    )


def _shown(own: tuple[str, ...], decoration: list[str], head: Head) -> tuple[str, ...]:
    """The picture that a page names as its sign is often the site's: only where there is no other."""
    return _first(MAX_PICTURES, (*own, *decoration)) or tuple(head.pictures[:1])


def _links(page: Document, addresses: Addresses) -> tuple[tuple[str, ...], list[str], set[str]]:
    """Links to pages, to videos and sounds, and to pictures."""
    found = cast(list[str], page.xpath(LINKS if any(map(page.find, ("area", "iframe", "frame"))) else "//a/@href"))
    addresses.learn(found)
    links: list[str] = []
    files: list[str] = []
    pictures: set[str] = set()
    for link in filter(None, dict.fromkeys(map(addresses.__getitem__, found))):
        if not (kind := ending(link)):
            links.append(link)
        elif kind in PICTURE_FILES:
            pictures.add(link)
        else:
            (files if kind in MEDIA_FILES else links).append(link)
    return tuple(links[:MAX_LINKS]), files, pictures


def _first(most: int, found: Iterable[str]) -> tuple[str, ...]:
    """Each once."""
    unique: dict[str, None] = {}
    for item in found:
        unique[item] = None
        if len(unique) == most:
            break
    return tuple(unique)
