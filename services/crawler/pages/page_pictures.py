"""Where the pictures of a page are (pure)."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from turbohtml import Document, Element

from services.crawler.pages.addresses import Addresses
from shared.pages.inline_pictures import is_inline

PICTURE_FILES = frozenset((".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".bmp", ".heic", ".heif"))
LONGEST = 5  # characters of an ending
# Where pages hide the address until somebody scrolls down: the names that the common lazy loaders use.
LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-actualsrc", "data-echo")
BETWEEN_CANDIDATES = re.compile(r",\s+|,(?=https?:|/)")
SIZE = re.compile(r"\d+(?:\.\d+)?")
MAX_SRCSET = 20_000
TINY = frozenset("0 1 2 3 0px 1px 2px 3px".split())  # declared sizes of what counts visitors  # noqa: SIM905
CSS_URL = re.compile(r"""background(?:-image)?\s*+:[^;{}]{0,200}?url\(\s*+["']?+([^"')\s]{1,4096})""", re.IGNORECASE)
MAX_STYLE = 200_000  # characters of a style sheet


def ending(url: str) -> str:
    """Of the file that a canonical address may be of, such as `.jpg`; empty for none."""
    last = url[-LONGEST:] if "?" not in url else url.partition("?")[0][-LONGEST:]
    return last[last.rfind(".") :].lower() if "." in last else ""


def is_picture(url: str) -> bool:
    """Whether a canonical address looks like a picture's."""
    return ending(url) in PICTURE_FILES


def pictures(page: Document, sources: Iterable[str], addresses: Addresses) -> Iterator[str]:
    """Canonical addresses in the page's order, backgrounds of its parts last."""
    for source in chain(sources, _backgrounds(page)):
        if not is_inline(source) and (address := addresses[source]):
            yield address


def sources(page: Document) -> Iterator[str]:
    """As they stand in the page."""
    for tag in ("img", "video", "object", "embed"):
        for node in page.find_all(tag):
            if found := _source(node):
                yield found


def of_sheets(page: Document, addresses: Addresses) -> list[str]:
    """Backgrounds of the page's style sheets: nobody knows of which part, so they make no page content."""
    found = (source for sheet in page.find_all("style") for source in CSS_URL.findall(sheet.text[:MAX_STYLE]))
    return [address for source in found if not is_inline(source) and (address := addresses[source])]


def _backgrounds(page: Document) -> Iterator[str]:
    for node in page.select('[style*="url("]'):
        yield from CSS_URL.findall((node.attr("style") or "")[:MAX_STYLE])


def _source(node: Element) -> str | None:
    if node.tag == "img":
        tiny = node.attr("width") in TINY or node.attr("height") in TINY
        return None if tiny else _best(node)
    if node.tag == "video":
        return node.attr("poster")
    is_image = (node.attr("type") or "").startswith("image/")
    return (node.attr("data") or node.attr("src")) if is_image else None


def _best(node: Element) -> str | None:
    """The best candidate: `<picture>` and `srcset` offer larger ones, lazy pages hide it in a data attribute."""
    for name in LAZY:
        if hidden := node.attr(name):
            return hidden
    sets = [node.attr("data-srcset") or node.attr("srcset")]
    above = node.parent
    if isinstance(above, Element) and above.tag == "picture":
        sets += [source.attr("data-srcset") or source.attr("srcset") for source in above.find_all("source")]
    largest = max((_largest(candidates) for candidates in sets if candidates), default=(0.0, ""))[1]
    return largest or node.attr("src")


def _largest(srcset: str) -> tuple[float, str]:
    """The widest candidate of a `srcset`: (its width or density, its address)."""
    best = (0.0, "")
    for candidate in BETWEEN_CANDIDATES.split(srcset[:MAX_SRCSET]):
        fields = candidate.split()
        if fields:
            size = SIZE.match(fields[1]) if len(fields) > 1 else None
            best = max(best, (float(size[0]) if size else 1.0, fields[0].rstrip(",")))
    return best
