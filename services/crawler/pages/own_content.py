"""What of a page is its own (pure): takes links, and what only goes with a link, out of the tree."""

from collections import Counter
from collections.abc import Set as AbstractSet

from turbohtml import Document, Element, Node, Text

from services.crawler.pages.addresses import Addresses
from shared.pages.weight import has_letters

ROW_LETTERS = 20  # beside a link, less than this is its author, date and number
ROWS = ("li", "tr", "dd", "dt")
ROW, IN_ROW = ", ".join(ROWS), ", ".join(f"{row} a" for row in ROWS)
HEADINGS = ("h1", "h2", "h3", "h4")
MAX_CLIMB = 12  # from a heading to the item of a list that it stands in


def cut_frame(page: Document) -> None:
    """A header or footer of an article is the article's: its title, its first picture."""
    for part in list(page.iter_elements(("nav", "header", "footer"))):
        if part.tag == "nav" or part.closest("article, main") is None:
            part.extract()


def cut_links(
    page: Document, addresses: Addresses, url: str, picture_files: AbstractSet[str], *, is_thread: bool = False
) -> list[str]:
    """Take out links to other pages, and what only goes with a link: rows with an author and a date, teasers below
    linked headings (posts of a thread look like that, too). A link amid a sentence stays. Gives those of the
    `picture_files` that thumbnails lead to."""
    pictures: list[str] = []
    teasers = [] if is_thread else _teasers(page, addresses, url)
    rows: set[Element] = set()
    in_rows = set(page.select(IN_ROW))
    amid: dict[Element, bool] = {}
    for link in page.find_all("a"):
        target = addresses[link.attr("href") or ""]
        if target is None or target == url:
            continue  # leads nowhere else: what it encloses is this page's own
        before, after = link.previous_sibling, link.next_sibling
        if before is None and after is None:
            pass  # alone in its part: most links of most pages
        elif (_is_text(before) or _is_text(after)) and _is_sentence(link.parent, amid):
            link.remove("img")
            continue
        if target in picture_files and link.find("img"):
            pictures.append(target)
        elif link in in_rows and (row := link.closest(ROW)):
            rows.add(row)
        link.extract()
    for part in [row for row in rows if not has_letters(row.text, ROW_LETTERS)]:
        part.extract()
    for part in teasers:
        part.extract()
    return pictures


def _is_sentence(part: Node | None, known: dict[Element, bool]) -> bool:
    """Whether it says more beside its links than a row of a list does."""
    if not isinstance(part, Element) or part.tag == "body":
        return False
    if part not in known:
        said = "".join([node.data for node in part.children if isinstance(node, Text)])
        known[part] = has_letters(said, ROW_LETTERS)
    return known[part]


def _is_text(node: Node | None) -> bool:
    return isinstance(node, Text) and not node.data.isspace()


def _teasers(page: Document, addresses: Addresses, url: str) -> list[Element]:
    """Items of a list of linked headings. One alone may be a post below its board's name; two alike are a list."""
    linked = dict.fromkeys(link for heading in page.iter_elements(HEADINGS) for link in heading.find_all("a"))
    headings = [
        link for link in linked if (href := link.attr("href")) is not None and addresses[href] not in (None, url)
    ]
    if len(headings) < 2:
        return []
    climbs = [_climb(link) for link in headings]
    shared = Counter(node for climb in climbs for node in climb)
    alike: dict[tuple[Node | None, str, str], set[Element]] = {}
    for climb in climbs:
        item = next((node for node in reversed(climb) if shared[node] == 1), None)
        if item is not None and item.tag not in ("body", "main"):
            alike.setdefault((item.parent, item.tag, item.attr("class") or ""), set()).add(item)
    return [item for items in alike.values() if len(items) > 1 for item in items]


def _climb(link: Element) -> list[Element]:
    above: list[Element] = []
    node = link.parent
    while isinstance(node, Element) and len(above) < MAX_CLIMB:
        above.append(node)
        node = node.parent
    return above
