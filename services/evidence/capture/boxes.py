"""Where a page shows pictures and where text (pure): read from the browser's own snapshot of its layout.

The snapshot is Chromium's `DOMSnapshot.captureSnapshot`: it goes through shadow roots, closed ones too, and the page's
scripts have no say in it. Coordinates are CSS pixels from the page's upper left corner.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

STYLES = (
    "background-image", "content", "list-style-image", "mask-image",  # a picture within the element's box
    # or beyond it
    "border-image-source", "-webkit-mask-box-image-source", "-webkit-box-reflect", "filter", "backdrop-filter",
    "overflow-x", "overflow-y", "overflow-clip-margin",
)  # fmt: skip
WITHIN, BEYOND, OVERFLOW = slice(0, 4), slice(4, 9), slice(9, 12)
# `input` may be of the type `image`; of the parts of controls there are no boxes.
DRAWN = frozenset(
    {"img", "image", "picture", "video", "audio", "canvas", "svg", "iframe", "frame", "object", "embed"}
    | {"input", "progress", "meter"}
)
CLIPPED = frozenset({"img", "video", "canvas", "svg", "iframe", "object", "embed"})  # unless their style says otherwise
AT_ITS_EDGE = frozenset({"0px", "content-box", "padding-box", "border-box"})
CANVAS = frozenset({"html", "body"})  # their background is drawn on the whole page (CSS Backgrounds 3, 2.11)
GRADIENT = re.compile(r"^(?:none|normal|[\w-]*gradient\()")
ELEMENT, TEXT = 1, 3
MAX_NODES = 30_000  # of a document: a long thread has 5,000; beyond that nothing is known, and all is blurred
# Letters of a page are lower than that. Higher ones may be drawings: fonts of a page's own have any signs they like.
MAX_LETTER = 48


class Box(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return max(0, self.right - self.left) * max(0, self.bottom - self.top)

    def within(self, width: int, height: int) -> "Box":
        """What of it is on a page of that size."""
        return Box(max(0, self.left), max(0, self.top), min(width, self.right), min(height, self.bottom))


WHOLE = Box(0, 0, 1 << 20, 1 << 20)


@dataclass(frozen=True)
class Boxes:
    """`blocks`: what is neither. `known`: False when it cannot be said where pictures are: they may be anywhere."""

    pictures: frozenset[Box] = frozenset()
    text: frozenset[Box] = frozenset()
    blocks: frozenset[Box] = frozenset()
    known: bool = True

    def with_later(self, later: "Boxes") -> "Boxes":
        """Of a page that may have moved between two looks: pictures of both, text and blocks where both have them."""
        return Boxes(
            self.pictures | later.pictures,
            self.text & later.text,
            self.blocks & later.blocks,
            self.known and later.known,
        )


UNKNOWN = Boxes(known=False)


def boxes_of(snapshot: Mapping[str, Any]) -> Boxes:
    """Of the page's own document; what is in its frames counts as a picture of theirs."""
    document, strings = snapshot["documents"][0], snapshot["strings"]
    nodes, layout = document["nodes"], document["layout"]
    if len(layout["nodeIndex"]) > MAX_NODES:
        return UNKNOWN
    pictures, blocks, known = set(), set(), True
    for index, bounds, styles in zip(layout["nodeIndex"], layout["bounds"], layout["styles"], strict=True):
        if nodes["nodeType"][index] != ELEMENT:
            continue
        name = strings[nodes["nodeName"][index]].lower()
        values = [strings[value] if value >= 0 else "" for value in styles]
        if _shows_picture(name, values):
            pictures.add(WHOLE if name in CANVAS else _box(bounds))
        else:
            blocks.add(_box(bounds))
        known = known and not _draws_beyond(name, values)
    text = (_box(bounds) for bounds in _lines(document))
    return Boxes(frozenset(pictures), frozenset(box for box in text if _legible(box)), frozenset(blocks), known)


def _lines(document: Mapping[str, Any]) -> Iterator[list[float]]:
    """Each line of each text; of a text that is turned, the browser gives only what is around it."""
    layout, lines = document["layout"], document["textBoxes"]
    for index, bounds in zip(lines["layoutIndex"], lines["bounds"], strict=True):
        if _inside(bounds, layout["bounds"][index]):
            yield bounds


def _inside(line: list[float], whole: list[float]) -> bool:
    spare = 2.0  # letters of an inline text may stand out a little
    return (
        line[0] >= whole[0] - spare
        and line[1] >= whole[1] - spare
        and line[0] + line[2] <= whole[0] + whole[2] + spare
        and line[1] + line[3] <= whole[1] + whole[3] + spare
    )


def _shows_picture(name: str, values: list[str]) -> bool:
    return name in DRAWN or any(value and not _plain(value) for value in values[WITHIN])


def _plain(value: str) -> bool:
    """No picture: nothing, words, or a gradient and nothing else."""
    return bool(GRADIENT.match(value) or value.startswith(('"', "counter", "attr", "open-quote", "close-quote"))) and (
        "url(" not in value and "image-set(" not in value and "paint(" not in value
    )


def _draws_beyond(name: str, values: list[str]) -> bool:
    """Whether it may draw a picture where no box says so."""
    border, mask, reflection, *filters = values[BEYOND]
    if (
        not (_plain(border) and _plain(mask))
        or reflection not in ("none", "")
        or any("url(" in value for value in filters)
    ):
        return True
    *overflows, margin = values[OVERFLOW]
    return name in CLIPPED and not (set(overflows) <= {"hidden", "clip"} and margin in AT_ITS_EDGE)


def _legible(box: Box) -> bool:
    return box.area > 0 and box.bottom - box.top <= MAX_LETTER


def _box(bounds: Iterable[float]) -> Box:
    left, top, width, height = bounds
    return Box(math.floor(left), math.floor(top), math.ceil(left + width), math.ceil(top + height))
