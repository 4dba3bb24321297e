"""The page's layout as a drawing of boxes (pure): no text, no picture, no colour of the page."""

from collections.abc import Iterable, Iterator

from services.evidence.capture.boxes import Box, Boxes

MAX_BOXES = 2_000  # of each kind, the largest: a page of more says nothing more by its layout
MIN_SIDE = 8  # pixels: from smaller boxes a page could be composed like a picture from its dots
STYLES = {
    "block": 'fill="none" stroke="#bbb"',
    "text": 'fill="#ddd" stroke="none"',
    "picture": 'fill="#888" stroke="#444"',
}


def wireframe(boxes: Boxes, width: int, height: int) -> bytes:
    """SVG of the page's size. Boxes that both lie beyond it or are tiny are left out."""
    groups = (("block", boxes.blocks), ("text", boxes.text), ("picture", boxes.pictures))
    drawn = "".join(f"<g {STYLES[kind]}>{''.join(_rectangles(found, width, height))}</g>\n" for kind, found in groups)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    return f'{head}\n<rect width="{width}" height="{height}" fill="#fff"/>\n{drawn}</svg>\n'.encode()


def _rectangles(boxes: Iterable[Box], width: int, height: int) -> Iterator[str]:
    cut = {box.within(width, height) for box in boxes}
    wide = (box for box in cut if box.right - box.left >= MIN_SIDE and box.bottom - box.top >= MIN_SIDE)
    for box in sorted(wide, key=lambda box: (-box.area, box))[:MAX_BOXES]:
        yield f'<rect x="{box.left}" y="{box.top}" width="{box.right - box.left}" height="{box.bottom - box.top}"/>'
