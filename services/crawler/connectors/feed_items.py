"""RSS and Atom whose items are the content: read whole, with their enclosures, instead of being followed as links.

RSS 2.0, Media RSS, Atom (RFC 4287), archived feeds' `prev-archive` and paged feeds' `next` (RFC 5005).
"""

from collections.abc import Iterator, Sequence

import turbohtml
from turbohtml import Document, Element
from turbohtml.extract import Entry

from services.crawler.connectors import answers as read
from services.crawler.connectors.media import Attached, with_media
from services.crawler.connectors.pages import ListingPage, is_near, left_out, read_listing
from services.crawler.connectors.port import Ask, Harvest, Options, Post, Source
from services.crawler.connectors.prose import MAX_HTML, pictures_in, plain
from services.crawler.pages.charset import decode
from shared.net import Fetched

ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9"
OLDER = ("next", "prev-archive")
MAX_TITLE = 300


class FeedItems:
    """The site's address: the feed."""

    options, is_api = Options, False

    async def read(self, source: Source, ask: Ask) -> Harvest:
        return await read_listing(source, ask, page_of, ACCEPT)


def page_of(answer: Fetched, source: Source) -> ListingPage:
    tree = _tree(decode(answer.body, answer.headers.get("content-type", ""), source.site.language))
    feed = tree.feed()
    if feed is None:
        raise read.Unreadable("the answer is neither RSS nor Atom: give the address of a feed")
    elements: Sequence[Element] = tree.find_all("entry" if feed.type == "atom" else "item")
    # An RDF feed says its order elsewhere: then the attachments cannot be told apart, and are left out.
    attached = elements if len(elements) == len(feed.entries) and feed.type != "rdf" else [None] * len(feed.entries)
    posts = [
        post
        for entry, element in zip(feed.entries[: read.MOST_ROWS], attached, strict=False)
        if (post := post_of(entry, element, answer.url, source))
    ]
    return ListingPage(
        tuple(posts),
        _older(tree, answer.url),
        left_out(min(len(feed.entries), read.MOST_ROWS) - len(posts), "without an address on this site"),
    )


def _tree(xml: str) -> Document:
    """A feed that is no XML, or no RSS by its own word, is read as browsers read pages."""
    try:
        tree = turbohtml.parse_xml(xml)
        return tree if tree.feed() else turbohtml.parse(xml)
    except turbohtml.HTMLParseError:
        return turbohtml.parse(xml)


def post_of(entry: Entry, element: Element | None, base: str, source: Source) -> Post | None:
    url = read.address(entry.link, base) or read.address(entry.id)
    if not url or not is_near(url, source):
        return None
    html = read.text(entry.content or entry.summary, MAX_HTML)
    post = Post(
        url=url,
        text=plain(html),
        title=plain(read.text(entry.title, MAX_TITLE)),
        authors=tuple(filter(None, (read.text(entry.author, MAX_TITLE),))),
        published_at=read.moment(entry.published) or read.moment(entry.updated),
    )
    shown = (Attached(picture, "image") for picture in pictures_in(html, url))
    return with_media(post, (*_enclosed(element), *shown), base)


def _enclosed(element: Element | None) -> Iterator[Attached]:
    if element is None:
        return
    for node in element.find_all("enclosure"):
        yield Attached(node.attrs.get("url"), node.attrs.get("type"))
    for node in element.find_all("media:content"):
        yield Attached(node.attrs.get("url"), node.attrs.get("medium") or node.attrs.get("type"))
    for node in element.find_all("link"):
        if "enclosure" in _relations(node):
            yield Attached(node.attrs.get("href"), node.attrs.get("type"))


def _older(tree: Document, base: str) -> str | None:
    links = [node for name in ("link", "atom:link") for node in tree.find_all(name)]
    found = (node.attrs.get("href") for rel in OLDER for node in links if rel in _relations(node))
    return read.address(next(found, None), base)


def _relations(link: Element) -> Sequence[str]:
    """The parser gives them as a list, as HTML has them."""
    given = link.attrs.get("rel") or ()
    return given.split() if isinstance(given, str) else given
