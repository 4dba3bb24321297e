"""Everything that a page shows, its own or not (pure): what a removal check looks for the content in."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote_to_bytes

from turbohtml import Document, parse

from services.crawler.pages.addresses import Addresses, page_addresses
from services.crawler.pages.page_head import read_head
from services.crawler.pages.page_pictures import of_sheets, pictures, sources
from services.crawler.pages.page_text import text_of
from shared.urls import canonical

# The content of a <meta http-equiv=refresh>: seconds, then an address, in quotes or not (HTML, 4.2.5.3).
# A time, a mark and an address, as the standard of HTML reads them. Possessive (`*+`): a run of blanks is read once.
REFRESH = re.compile(r"""\s*+[\d.]*+(?:\s++[;,]?+|[;,])\s*+(?:url\s*+=\s*+)?["']?([^"'\s]+)""", re.IGNORECASE)
FRAMED = re.compile(r"\s*data:text/html[^,]{0,99},", re.IGNORECASE)  # a page in the address of a frame (RFC 2397)
# A tree that a template brings along is shown like any other (HTML, 4.12.3).
SHADOW = re.compile(r"<template(?=[^<>]{0,999}\sshadowrootmode)", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """`text`: all that a visitor reads, links included; `pictures`: every address of one, and whatever is linked.
    `inside`: addresses that a visitor is shown without a click: frames, and where the page leads on by itself."""

    text: str
    pictures: frozenset[str]
    inside: tuple[str, ...] = ()


def shown(html: str, url: str) -> Shown:
    page = parse(SHADOW.sub("<div", html), positions=False)
    found, inside = _pictures(page, url), _inside(page, page_addresses(page, url))
    written = [parse(framed, positions=False) for framed in _written(page)]
    for part in (page, *written):
        part.remove("script, style, template")
    texts = [text_of(part) for part in (page, *written)]
    return Shown("\n".join(texts), found.union(*(_pictures(part, url) for part in written)), inside)


def visible_text(html: str) -> str:
    return shown(html, "").text


def leads_on(refresh: str, url: str) -> tuple[str, ...]:
    """Where the header `Refresh` of the answer from `url` leads: the address, or nothing."""
    onward = REFRESH.match(refresh)
    address = canonical(onward[1], url) if onward else None
    return (address,) if address else ()


def _written(page: Document) -> Iterator[str]:
    """Pages that stand in the page itself."""
    yield from cast(list[str], page.xpath("//iframe/@srcdoc"))
    for address in cast(list[str], page.xpath("//iframe/@src | //frame/@src | //embed/@src | //object/@data")):
        if head := FRAMED.match(address):
            packed = unquote_to_bytes(address[head.end() :])
            try:
                body = binascii.a2b_base64(packed) if ";base64" in head[0].lower() else packed
            except binascii.Error:
                continue
            yield body.decode(errors="replace")


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
    drawn = cast(list[str], page.xpath("//input/@src | //*[local-name()='image']/@*[local-name()='href']"))
    shown = pictures(page, [*sources(page), *drawn], addresses)
    return frozenset((*shown, *of_sheets(page, addresses), *signs, *filter(None, linked)))
