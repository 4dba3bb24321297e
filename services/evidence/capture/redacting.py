"""Screenshots that show nothing but what was written (pure).

Everything is blurred beyond recognition, and only the letters are put back: what nobody thought of stays blurred.
"""

import io

from PIL import Image, ImageDraw, ImageFilter

from services.evidence.capture.boxes import Box, Boxes

QUALITY = 80
# Of a picture as wide as the page the same remains as of its preview (`pictures.BLUR` of `pictures.PREVIEW` pixels),
# of a smaller one less. Blurring an eighth of the size is as good, and a hundred times as fast.
SHRINK, BLUR = 8, 6
MAX_BOXES = 20_000  # put back; a page of more text than that fits no screenshot


def redacted(screenshot: bytes, boxes: Boxes) -> bytes:
    """The screenshot as JPEG, every picture blurred; all of it when it is not known where pictures are."""
    with Image.open(io.BytesIO(screenshot), formats=("JPEG",)) as opened:
        page = opened.convert("RGB")
    blurred = _blurred(page)
    if boxes.known:
        blurred.paste(page, mask=_written(page.size, boxes))
    out = io.BytesIO()
    blurred.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _blurred(page: Image.Image) -> Image.Image:
    small = page.convert("L").reduce(SHRINK).filter(ImageFilter.GaussianBlur(BLUR))
    return small.resize(page.size, Image.Resampling.BILINEAR).convert("RGB")


def _written(size: tuple[int, int], boxes: Boxes) -> Image.Image:
    mask = Image.new("1", size)
    draw = ImageDraw.Draw(mask)
    for value, group in ((1, boxes.text), (0, boxes.pictures)):
        for box in sorted(group)[:MAX_BOXES] if value else group:
            _fill(draw, box, value)
    return mask


def _fill(draw: ImageDraw.ImageDraw, box: Box, value: int) -> None:
    if box.area:
        draw.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), fill=value)
