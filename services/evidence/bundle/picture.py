"""The picture of the page in the report: neither a picture nor a word of the page can be made out in it.

The redacted screenshot keeps the text legible, which may name a person; a report is passed around more widely than the
evidence, so there the screenshot is made so small that only its layout is left.
"""

import io
from typing import NamedTuple

from PIL import Image, ImageFilter

from services.evidence.bundle.report import as_svg

# The page with every picture blurred; where that was not kept, its layout. And how the report calls each.
NAMES = {"screenshot-redacted.jpg": "redacted", "layout.svg": "wireframe"}
MAX_BYTES = 8 * 1024 * 1024  # five screens of JPEG have 2 MB at most
MAX_PIXELS = 1280 * 8000  # twice what a screenshot has
# A twentieth of a screenshot's width: headlines of 100 of its pixels are grey bars, at 200 one sees that there are
# letters. (At a quarter of it those of 40 could be read.)
WIDTH, BLUR = 64, 1.6
QUALITY = 80


class Shown(NamedTuple):
    """`svg`: as the report takes it; empty when there is none. `called`: the sentence below it."""

    svg: str = ""
    called: str = "no_picture"


def drawing(name: str, data: bytes) -> str:
    """As the report takes it (SVG); empty when it is too large, or no picture."""
    if len(data) > MAX_BYTES:
        return ""
    if name.endswith(".svg"):
        return data.decode(errors="replace")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            return _small(picture) if picture.width * picture.height <= MAX_PIXELS else ""
    except (OSError, ValueError):
        return ""


def _small(picture: Image.Image) -> str:
    height = max(1, round(picture.height * WIDTH / picture.width))
    shown = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(BLUR))
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=QUALITY)
    return as_svg(out.getvalue(), WIDTH, height)
