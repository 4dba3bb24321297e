"""The text of a post or an article without what the site puts around it (pure)."""

from collections.abc import Iterable, Iterator
from typing import cast

from turbohtml import Document, Element

from services.crawler.pages.page_text import lines_of, text_of

HIDDEN = (  # few elements have a role or a style: one look passes over the others
    'dialog, [hidden], [aria-hidden="true"], [style]:is([style*="visibility:hidden"], [style*="visibility: hidden"]), '
    '[role]:is([role="navigation"], [role="banner"], [role="contentinfo"], [role="search"])'
)
# Parts of a name that sites give to what they put around their content, all over the world in English.
NAMES = (
    "sidebar", "share", "social", "related", "cookie", "newsletter", "breadcrumb", "footer", "promo", "banner",
    "subscribe", "login", "menu", "widget", "copyright", "paginat", "recommend", "advert",
)  # fmt: skip
AROUND = 'aside, form, [role="complementary"]'
NAMED = {name: f'[class*="{name}" i], [id*="{name}" i]' for name in NAMES}
MOST_OF_PAGE = 0.3  # what has more of the text than this is no frame, whatever its name (`class="widget Blog"`)
LEAST_OF_PAGE = 0.3  # a main part with less of the text was not recognised: a page of many posts, a table
SHORT = 250  # characters: so little is a notice or a wall, which is to be recognised by all that it says
PARAGRAPH = 80  # characters; one so long near the main part belongs to it: a lead, a second half
NEAR = 3  # levels above the main part


def main_text(page: Document, whole: int, classes: Iterable[str]) -> str:
    """`page` has lost its links already, its text has `whole` characters, and its parts had `classes`. Takes the frame
    out of the tree."""
    if whole < SHORT:
        return text_of(page)
    page.remove(HIDDEN)
    for part in page.select(_around(page, classes)):
        if len(part.text) < MOST_OF_PAGE * whole:
            part.extract()
    main = page.main_content()
    if main is None:
        return text_of(page)
    text = text_of(main)
    if len(text) < LEAST_OF_PAGE * whole:
        return text_of(page)
    return "\n".join([text, *map(lines_of, _beside(main))])


def _around(page: Document, classes: Iterable[str]) -> str:
    """A selector with only those names that the page has: looking for all of them takes longer than parsing."""
    used = " ".join((*classes, *cast(list[str], page.xpath("descendant::*/@id")))).lower()
    return f":is({', '.join((AROUND, *(NAMED[name] for name in NAMES if name in used)))})"


def _beside(main: Element) -> Iterator[Element]:
    near = main
    for _ in range(NEAR):
        if isinstance(near.parent, Element) and near.parent.tag not in ("body", "html"):
            near = near.parent
    inside = {main, *main.find_all("p")}
    return (part for part in near.find_all("p") if part not in inside and len(part.text) >= PARAGRAPH)
