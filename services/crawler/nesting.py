"""A guard for the parser (pure): its time grows with the square of the nesting, up to minutes for one hostile page."""

import re
from collections import Counter

# Browsers stop nesting at 512; what lies deeper is no page for people.
MAX_DEPTH = 2_000
# So few tags cannot be nested deep enough to hurt: nearly all pages are let through by one count.
HARMLESS_TAGS = 4_000
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Elements that have no content, or that end where the next begins: unclosed in many honest pages.
NOT_NESTING = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option", "optgroup", "rp", "rt", "colgroup",
))  # fmt: skip


# The parser opens unclosed ones of these again in every block that follows: n of them in n blocks are n² elements, a
# gigabyte for 2,000. A `span` says as little and is not opened again. (`a` cannot stand in itself.) Replaced wherever
# they stand, in comments and scripts as well, so that no markup can hide one.
REOPENED = re.compile(r"<(/?)(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE)


def shallow(html: str) -> str:
    """The page up to where it is nested deeper than any honest one, without elements that multiply."""
    html = REOPENED.sub(r"<\1span", html)
    if html.count("<") <= HARMLESS_TAGS:
        return html
    depth, unclosed = 0, Counter[str]()
    for tag in TAG.finditer(html):
        name = tag[2].lower()
        if name in NOT_NESTING or (tag[1] and not unclosed[name]):
            continue
        step = -1 if tag[1] else 1
        unclosed[name] += step
        depth += step
        if depth > MAX_DEPTH:
            return html[: tag.start()]
    return html
