"""Everything that a page shows, its own or not (pure): what a removal check looks for the content in."""

import re
from dataclasses import dataclass
from typing import cast

from turbohtml import Document, parse

from services.crawler.pages.addresses import Addresses, page_addresses
from services.crawler.pages.page_head import read_head
from services.crawler.pages.page_pictures import of_sheets, pictures, sources
from services.crawler.pages.page_text import text_of

# The content of a <meta http-equiv=refresh>: seconds, then an address, in quotes or not (HTML, 4.2.5.3).
REFRESH = re.compile(r"""[\s\d.]*[;,\s]\s*(?:url\s*=\s*)?["']?([^"'\s]+)""", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """`text`: all that a visitor reads, links included; `pictures`: every address of one, and whatever is linked.
    `inside`: addresses that a visitor is shown without a click: frames, and where the page leads on by itself."""

    text: str
    pictures: frozenset[str]
    inside: tuple[str, ...] = ()


def shown(html: str, url: str) -> Shown:
    page = parse(html, positions=False)
    found, inside = _pictures(page, url), _inside(page, page_addresses(page, url))
    written = [parse(framed, positions=False) for framed in cast(list[str], page.xpath("//iframe/@srcdoc"))]
    for part in (page, *written):
        part.remove("script, style, template")
    texts = [text_of(part) for part in (page, *written)]
    return Shown("\n".join(texts), found.union(*(_pictures(part, url) for part in written)), inside)


def visible_text(html: str) -> str:
    return shown(html, "").text


def _inside(page: Document, addresses: Addresses) -> tuple[str, ...]:
    framed = cast(list[str], page.xpath("//iframe/@src | //frame/@src | //embed/@src | //object/@data"))
    onward = REFRESH.match(read_head(page, addresses).meta.get("refresh", ""))
    leads = [onward[1], *framed] if onward else framed
    return tuple(dict.fromkeys(filter(None, map(addresses.__getitem__, leads))))


def _pictures(page: Document, url: str) -> frozenset[str]:
    addresses = page_addresses(page, url)
    hrefs = cast(list[str], page.xpath("//a/@href"))
    addresses.learn(hrefs)
    linked = map(addresses.__getitem__, hrefs)
    signs = read_head(page, addresses).pictures
    return frozenset(
        (*pictures(page, sources(page), addresses), *of_sheets(page, addresses), *signs, *filter(None, linked))
    )
