"""Screenshots that show nothing but what was written (pure).

Everything is blurred beyond recognition, and only the letters are put back: what nobody thought of stays blurred.
"""

import io
from collections.abc import Iterable, Iterator

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from services.evidence.capture.boxes import Box, Boxes
from services.evidence.capture.lettering import lettering

QUALITY = 80
# Of a picture as wide as the page the same remains as of its preview (`pictures.BLUR` of `pictures.PREVIEW` pixels),
# of a smaller one less. Blurring an eighth of the size is as good, and a hundred times as fast.
SHRINK, BLUR = 8, 6
# Put back: a board's table in five screens has 2,000 lines. Those that lie over each other have no end, so their areas
# together are bounded too, in times of the page's.
MAX_LINES, MOST_COVERED = 5_000, 2


def redacted(screenshot: bytes, boxes: Boxes) -> bytes:
    """The screenshot as JPEG, every picture blurred; all of it when it is not known where pictures are."""
    with Image.open(io.BytesIO(screenshot), formats=("JPEG",)) as opened:
        page = opened.convert("RGB")
    shown = _blurred(page.convert("L")).convert("RGB")
    if boxes.known:
        pictures = _mask(page.size, boxes.pictures)
        shown.paste(_without(page, pictures), mask=ImageChops.invert(pictures))
        written = lettering(page, _bounded(boxes.text, page.size))
        shown.paste(page, mask=ImageChops.subtract(written, pictures))
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _bounded(lines: Iterable[Box], size: tuple[int, int]) -> Iterator[Box]:
    """Those on the page, from above."""
    left = MOST_COVERED * size[0] * size[1]
    shown = (line.within(*size) for line in lines)
    for line in sorted((line for line in shown if line.area), key=lambda line: (line.top, line.left))[:MAX_LINES]:
        left -= line.area
        if left < 0:
            return
        yield line


def _without(page: Image.Image, pictures: Image.Image) -> Image.Image:
    """What is around the pictures, blurred as well, and without their shine on it."""
    grey = page.convert("L")
    around = grey.histogram(ImageChops.invert(pictures))
    grey.paste(max(range(len(around)), key=around.__getitem__), mask=pictures)
    return _blurred(grey).convert("RGB")


def _blurred(grey: Image.Image) -> Image.Image:
    small = grey.reduce(SHRINK).filter(ImageFilter.GaussianBlur(BLUR))
    return small.resize(grey.size, Image.Resampling.BILINEAR)


def _mask(size: tuple[int, int], boxes: Iterable[Box]) -> Image.Image:
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for box in boxes:
        if box.area:
            draw.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), fill=255)
    return mask
