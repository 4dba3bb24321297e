"""Where feeds and sitemaps lead (pure). Read as text: what an XML parser does with hostile input is not needed here."""

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice

from services.crawler.pages.addresses import Addresses
from services.crawler.pages.charset import decode

MAX_LINKS = 50_000  # as in the sitemap protocol
MAX_UNPACKED = 10 * 1024 * 1024  # of a packed sitemap: 50,000 addresses of ordinary length
LOOKED_AT = 2_000  # bytes that tell a feed
GZIP, WITH_HEADER = b"\x1f\x8b", 31  # RFC 1952; zlib's name for it
XML_TYPES = ("/xml", "+xml")
XML_START = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|rss|feed|urlset|sitemapindex|rdf:RDF)\b", re.IGNORECASE)
JSON_FEED = re.compile(
    rb'\s*(?:\xef\xbb\xbf)?\s*\{.{0,400}?"version"\s*:\s*"https?:(?:\\?/){2}jsonfeed\.org', re.DOTALL
)
# A sitemap may be a plain list of addresses (sitemaps.org, "Text file").
LIST = re.compile(rb"\s*(?:\xef\xbb\xbf)?(?:https?://[^\s<>\"]{1,2048}\s*){1,20}+(?:https?:.*)?", re.DOTALL)
# <loc>…</loc> of sitemaps, <link>…</link> of RSS (also in CDATA), <link href="…"> of Atom. Possessive (`*+`): a run of
# blanks that leads nowhere is read once, not once for each of its places.
ADDRESS = re.compile(
    r"<(?:loc|link)\s*+>\s*+(?:<!\[CDATA\[)?+\s*+([^<\]\s]{1,4096})|<(?:atom:)?link\b([^<>]{1,8192}+)>",
    re.IGNORECASE,
)
HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
ITSELF = re.compile(r"""\brel\s*=\s*["']?(?:self|hub|search)\b""", re.IGNORECASE)


def is_feed(body: bytes, content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/xhtml+xml":
        return False
    if media_type.endswith(XML_TYPES) or media_type == "application/feed+json":
        return True
    beginning = _unpacked(body, LOOKED_AT) if body.startswith(GZIP) else body[:LOOKED_AT]
    if media_type in ("text/plain", "application/gzip", "application/x-gzip") and _is_list(beginning):
        return True
    is_xml = XML_START.match(beginning[:200]) is not None and b"<html" not in beginning[:1000]
    return is_xml or JSON_FEED.match(beginning) is not None


def read_feed(body: bytes, content_type: str, url: str, language: str | None = None) -> tuple[str, ...]:
    """Canonical addresses in the order of the feed: RSS, Atom, JSON Feed, sitemaps, packed or not, lists."""
    if body.startswith(GZIP):
        body = _unpacked(body, MAX_UNPACKED)
    text = decode(body, content_type, language)
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _canonical(_json_links(text), url)
    if _is_list(body[:LOOKED_AT]):
        return _canonical(text.split(), url)
    return feed_links(text, url)


def feed_links(text: str, url: str) -> tuple[str, ...]:
    """Of RSS, Atom and sitemaps."""
    return _canonical((unescape(match[1] or _href(match[2])) for match in ADDRESS.finditer(text)), url)


def _is_list(beginning: bytes) -> bool:
    whole = beginning if len(beginning) < LOOKED_AT else beginning.rpartition(b"\n")[0]
    return LIST.fullmatch(whole) is not None


def _canonical(links: Iterable[str], url: str) -> tuple[str, ...]:
    addresses, found = Addresses(url), dict[str, None]()
    for link in islice(filter(None, links), 2 * MAX_LINKS):  # repeated ones count as well: the work is bounded
        if address := addresses[link]:
            found[address] = None
            if len(found) == MAX_LINKS:
                break
    return tuple(found)


def _href(attributes: str) -> str:
    """Empty for a link of the feed to itself."""
    href = None if ITSELF.search(attributes) else HREF.search(attributes)
    return (href[1] or href[2] or "") if href else ""


def _json_links(text: str) -> Iterator[str]:
    """JSON Feed 1.1; the following page of the feed last."""
    try:
        feed = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        return
    for item in items:
        if isinstance(item, dict) and isinstance(address := item.get("url") or item.get("external_url"), str):
            yield address
    if isinstance(following := feed.get("next_url"), str):
        yield following


def _unpacked(body: bytes, most: int) -> bytes:
    """The beginning, where it is longer or damaged."""
    try:
        return zlib.decompressobj(WITH_HEADER).decompress(body, most)
    except zlib.error:
        return b""
