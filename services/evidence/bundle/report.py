"""The report as a PDF: the template with the facts."""

import base64
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.typeset import drawing

TEMPLATE = (Path(__file__).parent / "report.typ").read_bytes()


def draw(facts: Mapping[str, Any], made_at: datetime) -> bytes:
    """The PDF of these facts (`facts.report`): the same bytes for the same facts. Raises `DrawingFailed`."""
    return drawing.draw(TEMPLATE, facts, made_at)


def as_svg(jpeg: bytes, width: int, height: int) -> str:
    """A JPEG within a drawing: the form in which typst takes a picture without a file on disk, its bytes unchanged."""
    data = base64.b64encode(jpeg).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/jpeg;base64,{data}"/></svg>'
    )
