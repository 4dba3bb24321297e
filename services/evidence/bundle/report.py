"""The report as a PDF: the template with the facts, drawn by typst with the fonts that lie here."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

HERE = Path(__file__).parent
TEMPLATE = (HERE / "report.typ").read_bytes()
# PDF/A-2b (ISO 19005-2): for archives. Fonts are embedded, nothing outside is needed, no script can be in it, and a
# character that no font has is an error instead of an empty box.
STANDARD: Final = "a-2b"


class ReportFailed(Exception):
    """The report could not be drawn; the message says where the template and its data disagree."""


@cache
def fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[HERE / "fonts"])


def draw(facts: Mapping[str, Any], made_at: datetime) -> bytes:
    """The PDF of these facts (`facts.report`): the same bytes for the same facts. Raises `ReportFailed`."""
    compiler = typst.Compiler(input=TEMPLATE, font_paths=fonts())
    try:
        drawn = compiler.compile(
            input=TEMPLATE,
            format="pdf",
            sys_inputs={"data": json.dumps(facts)},
            pdf_standards=STANDARD,
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError as error:
        raise ReportFailed(error.message) from error
    if not isinstance(drawn, bytes):
        raise ReportFailed(f"typst gave {type(drawn).__name__}, not one PDF")
    return drawn


def as_svg(jpeg: bytes, width: int, height: int) -> str:
    """A JPEG within a drawing: the form in which typst takes a picture without a file on disk, its bytes unchanged."""
    data = base64.b64encode(jpeg).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/jpeg;base64,{data}"/></svg>'
    )
