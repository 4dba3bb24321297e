"""Where the pictures of a page are (pure)."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.crawler.urls import canonical, path_of

PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp)$", re.IGNORECASE)
LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy")
BETWEEN_CANDIDATES = re.compile(r",\s+|,(?=https?:|/)")
SIZE = re.compile(r"\d+(?:\.\d+)?")
MAX_SRCSET = 20_000


def is_picture(url: str) -> bool:
    """Whether a canonical address looks like a picture's."""
    return PICTURE_FILE.search(path_of(url)) is not None


def pictures(tree: LexborHTMLParser, base: str) -> Iterator[str | None]:
    for node in tree.css("img, video[poster]"):
        yield canonical(found, base) if (found := _picture_source(node)) else None


def _picture_source(node: LexborNode) -> str | None:
    """The best candidate: `<picture>` and `srcset` offer larger ones, lazy pages hide it in a data attribute."""
    attributes = node.attributes
    if node.tag == "video":
        return attributes.get("poster")
    lazy = next((attributes[name] for name in LAZY if attributes.get(name)), None)
    sets = [attributes.get("data-srcset") or attributes.get("srcset")]
    if node.parent is not None and node.parent.tag == "picture":
        sets += [source.attributes.get("srcset") for source in node.parent.css("source")]
    largest = max((_largest(candidates) for candidates in sets if candidates), default=(0.0, ""))[1]
    found = lazy or largest or attributes.get("src")
    return found if found and not found.lstrip().lower().startswith("data:") else None


def _largest(srcset: str) -> tuple[float, str]:
    """The widest candidate of a `srcset`: (its width or density, its address)."""
    best = (0.0, "")
    for candidate in BETWEEN_CANDIDATES.split(srcset[:MAX_SRCSET]):
        fields = candidate.split()
        if fields:
            size = SIZE.match(fields[1]) if len(fields) > 1 else None
            best = max(best, (float(size[0]) if size else 1.0, fields[0].rstrip(",")))
    return best
