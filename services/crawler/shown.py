"""Everything that a page shows, its own or not (pure): what a removal check looks for the content in."""

from dataclasses import dataclass
from typing import cast

from turbohtml import Document, parse

from services.crawler.addresses import page_addresses
from services.crawler.page_head import read_head
from services.crawler.page_pictures import of_sheets, pictures
from services.crawler.page_text import text_of


@dataclass(frozen=True)
class Shown:
    """`text`: all that a visitor reads, links included; `pictures`: every address of one, and whatever is linked."""

    text: str
    pictures: frozenset[str]


def shown(html: str, url: str) -> Shown:
    page = parse(html, positions=False)
    found = _pictures(page, url)
    page.remove("script, style, template")
    return Shown(text_of(page), found)


def visible_text(html: str) -> str:
    return shown(html, "").text


def _pictures(page: Document, url: str) -> frozenset[str]:
    addresses = page_addresses(page, url)
    linked = (addresses[link] for link in cast(list[str], page.xpath("//a/@href")))
    signs = read_head(page, addresses).pictures
    return frozenset((*pictures(page, addresses), *of_sheets(page, addresses), *signs, *filter(None, linked)))
