"""Where feeds and sitemaps lead (pure). Read as text: what an XML parser does with hostile input is not needed here."""

import re
from html import unescape

from services.crawler.urls import canonical

MAX_LINKS = 50_000  # as in the sitemap protocol
XML_TYPES = ("/xml", "+xml")
XML_START = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|rss|feed|urlset|sitemapindex)\b", re.IGNORECASE)
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
    return media_type.endswith(XML_TYPES) or (XML_START.match(body[:200]) is not None and b"<html" not in body[:1000])


def feed_links(text: str, url: str) -> tuple[str, ...]:
    """Canonical addresses in the order of the feed."""
    found: dict[str, None] = {}
    for match in ADDRESS.finditer(text):
        address = match[1] or _href(match[2])
        if address and (link := canonical(unescape(address), url)):
            found[link] = None
            if len(found) == MAX_LINKS:
                break
    return tuple(found)


def _href(attributes: str) -> str:
    """Empty for a link of the feed to itself."""
    href = None if ITSELF.search(attributes) else HREF.search(attributes)
    return (href[1] or href[2] or "") if href else ""
