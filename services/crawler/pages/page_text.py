"""The text of a page, or of a part of it, as a visitor reads it (pure)."""

from turbohtml import Document, Element

NOT_TEXT = ("title", "script", "style", "noscript", "template", "button", "select", "option", "textarea", "time", "svg")
# Laid out in columns by the renderer, with numbers and bullets; here each cell and item is a line.
LAID_OUT = ("table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption", "ol", "ul", "li")


def cut_what_is_no_text(page: Document) -> None:
    for node in list(page.iter_elements(NOT_TEXT)):
        node.extract()


def text_of(part: Document | Element) -> str:
    """Lines without blanks around. Changes the tree: tables become lines."""
    for node in list(part.iter_elements(LAID_OUT)):
        node.tag = "div"
    return lines_of(part)


def lines_of(part: Document | Element) -> str:
    """The same, leaving the tree as it is: cells of a table stand in one line."""
    text = part.to_text()
    lines = text.split("\n")
    if "  " in text or "\xa0" in text or "\u3000" in text or "\t" in text:  # blanks that the renderer leaves
        lines = [" ".join(line.split()) for line in lines]
    return "\n".join([line for line in lines if line])


def bare_text(page: Document) -> str:
    """In one line, without the markup's indentation; words at the borders of blocks run together. To be weighed."""
    return page.text.replace("\n", "").replace("\t", "").replace("  ", "")
