"""The picture of the page in the report: without pictures of the page's own, or the boxes alone."""

import io

from PIL import Image

from services.evidence.bundle.report import MAX_PICTURE, as_svg

# The page with every picture blurred; where that was not kept, its layout.
NAMES = ("screenshot-redacted.jpg", "layout.svg")


def drawing(name: str, data: bytes) -> str:
    """As the report takes it (SVG); empty when it is too large, or no picture."""
    if len(data) > MAX_PICTURE:
        return ""
    if name.endswith(".svg"):
        return data.decode(errors="replace")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:  # reads the size, decodes nothing
            return as_svg(data, *picture.size)
    except (OSError, ValueError):
        return ""
