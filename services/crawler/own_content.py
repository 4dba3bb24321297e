"""What of a page is its own (pure): takes links, and what only goes with a link, out of the tree."""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.crawler.page_pictures import is_picture
from services.crawler.urls import canonical
from services.crawler.weight import letters

ROW_LETTERS = 20  # beside a link, less than this is its author, date and number
ROWS = ("li", "tr", "dd", "dt")
MAX_CLIMB = 30
HEADINGS = ("h1", "h2", "h3", "h4")


def cut_links(tree: LexborHTMLParser, base: str, url: str) -> tuple[list[str], list[LexborNode]]:
    """Take links to other pages out of the tree. Gives the pictures that thumbnails link to, and the parts of the
    page that only go with a link: rows with an author and a date, teasers below a linked heading."""
    pictures: list[str] = []
    teasers = _teasers(tree, base, url)
    touched: dict[int, LexborNode] = {}
    for node in tree.css("a[href]"):
        target = canonical(node.attributes["href"] or "", base)
        if target is None or target == url:
            continue  # leads nowhere else: what it encloses is this page's own
        if is_picture(target):
            if node.css_first("img") is not None:
                pictures.append(target)
        elif (row := _above(node, ROWS)) is not None:
            touched[row.mem_id] = row
        node.decompose(recursive=False)  # detaches the whole branch: nested nodes stay valid
    rows = [row for row in touched.values() if letters(row.text(separator=" ")) < ROW_LETTERS]
    return pictures, [*rows, *teasers]


def _teasers(tree: LexborHTMLParser, base: str, url: str) -> list[LexborNode]:
    """Sections whose heading links to another page. One alone may be a post below its board's name; two are a list."""
    found: dict[int, list[LexborNode]] = {}
    for link in tree.css(", ".join(f"{tag} a[href]" for tag in HEADINGS)):
        heading = _above(link, HEADINGS)
        section = heading.parent if heading is not None else None
        if section is None or section.parent is None or section.tag in ("body", "main"):
            continue
        if canonical(link.attributes["href"] or "", base) not in (None, url):
            found.setdefault(section.parent.mem_id, []).append(section)
    return [section for sections in found.values() if len(sections) > 1 for section in sections]


def _above(node: LexborNode, tags: tuple[str, ...]) -> LexborNode | None:
    """The nearest enclosing element with one of these tags. A page may be nested without end: the climb is not."""
    above = node.parent
    for _ in range(MAX_CLIMB):
        if above is None or above.tag in tags:
            return above
        above = above.parent
    return None
