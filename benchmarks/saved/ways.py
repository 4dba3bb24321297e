"""Ways to read a page: ours, and what others use. Each gives the text, or all that is read of a page for its cost."""

from urllib.parse import urljoin

import lxml.html
import trafilatura
from parsel import Selector
from selectolax.lexbor import LexborHTMLParser
from turbohtml import parse

from benchmarks.saved.pages import ADDRESS
from services.crawler.pages.charset import decode
from services.crawler.pages.page_media import MEDIA_FILES
from services.crawler.pages.page_pictures import PICTURE_FILES, ending
from services.crawler.pages.reading import read_page
from shared.urls import canonical

LINKS = "//a/@href | //area/@href | //iframe/@src | //frame/@src"


def our_text(body: bytes) -> str:
    return read_page(body, ADDRESS).text


def our_links(body: bytes) -> tuple[str, ...]:
    return read_page(body, ADDRESS).links


def trafilatura_text(body: bytes) -> str:
    """As it comes: with comments."""
    return trafilatura.extract(body) or ""


def trafilatura_article(body: bytes) -> str:
    return trafilatura.extract(body, include_comments=False) or ""


def whole_text(markup: bytes) -> str:
    """All that is visible."""
    page = parse(decode(markup), positions=False)
    page.remove("title, script, style, noscript, template")
    return page.to_text()


def lxml_links(body: bytes) -> set[str]:
    """Every address of a page that another parser sees, by the standard library's joining and our spelling."""
    tree = lxml.html.document_fromstring(decode(body).encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    base = next((urljoin(ADDRESS, node.get("href")) for node in tree.xpath("//base[@href]")), ADDRESS)
    found = (canonical(link, canonical(base) or ADDRESS) for link in tree.xpath(LINKS))
    return {link for link in found if link and ending(link) not in PICTURE_FILES | MEDIA_FILES}


def read_ours(body: bytes) -> object:
    """Everything: links, text without the site's frame, pictures, videos, authors, date, thread, language."""
    return read_page(body, ADDRESS, "text/html; charset=utf-8")


def read_lexbor(body: bytes) -> object:
    """The bare parser: links, all text, pictures."""
    tree = LexborHTMLParser(body.decode("utf-8", "replace"))
    links = [node.attributes.get("href") for node in tree.css("a[href]")]
    return links, [node.attributes.get("src") for node in tree.css("img")], tree.body.text() if tree.body else ""


def read_lxml(body: bytes) -> object:
    tree = lxml.html.document_fromstring(body, parser=lxml.html.HTMLParser(encoding="utf-8"))
    return tree.xpath("//a/@href"), tree.xpath("//img/@src"), tree.text_content()


def read_parsel(body: bytes) -> object:
    page = Selector(text=body.decode("utf-8", "replace"))
    return page.css("a::attr(href)").getall(), page.css("img::attr(src)").getall(), page.css("body ::text").getall()


def read_trafilatura(body: bytes) -> object:
    """Text and what the page says about itself."""
    return trafilatura.bare_extraction(body, url=ADDRESS, with_metadata=True)


READERS = {"lexbor": read_lexbor, "lxml": read_lxml, "parsel": read_parsel, "trafilatura": read_trafilatura}
