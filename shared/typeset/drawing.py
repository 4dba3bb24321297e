"""A template and its values become a PDF, drawn by typst with the fonts that lie here and no others."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

# PDF/A-2b (ISO 19005-2): for archives. Fonts are embedded, nothing outside is needed, no script can be in it, and a
# character that no font has is an error instead of an empty box.
STANDARD: Final = "a-2b"


class DrawingFailed(Exception):
    """The document could not be drawn; the message says where the template and its values disagree."""


@cache
def fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[Path(__file__).parent / "fonts"])


def draw(template: bytes, values: Mapping[str, Any], made_at: datetime) -> bytes:
    """The PDF of these values, which the template gets as JSON (`sys.inputs.data`), never as markup: the same bytes for
    the same values. Raises `DrawingFailed`."""
    compiler = typst.Compiler(input=template, font_paths=fonts())
    try:
        drawn = compiler.compile(
            input=template,
            format="pdf",
            sys_inputs={"data": json.dumps(values)},
            pdf_standards=STANDARD,
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError as error:
        raise DrawingFailed(error.message) from error
    if not isinstance(drawn, bytes):
        raise DrawingFailed(f"typst gave {type(drawn).__name__}, not one PDF")
    return drawn
