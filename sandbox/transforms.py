"""What re-posters do to a picture, as the sandbox's posts do it."""

import io
from collections.abc import Callable
from functools import partial

from PIL import Image, ImageDraw, ImageOps

from sandbox.model import Transform

# Share of width and height cut away in total, half on each side.
CROPS = {Transform.CROPPED_5: 0.05, Transform.CROPPED_10: 0.10, Transform.CROPPED_15: 0.15}
CORNER = 0.10  # cut away on the left and above
BORDER = 0.08  # of the longer side, all around
TURNED_BY = 5.0  # degrees against the clock; the corners that become free are black
_POSTED_QUALITY = 88
_RECOMPRESSED_QUALITY = 30


def encoded(picture: Image.Image, transform: Transform) -> tuple[bytes, str]:
    """The file that is posted and its media type. The identity keeps every pixel (PNG), all others are JPEG."""
    out = io.BytesIO()
    if transform is Transform.IDENTITY:
        picture.save(out, "PNG", compress_level=3)
        return out.getvalue(), "image/png"
    quality = _RECOMPRESSED_QUALITY if transform is Transform.RECOMPRESSED else _POSTED_QUALITY
    _CHANGES[transform](picture).save(out, "JPEG", quality=quality)
    return out.getvalue(), "image/jpeg"


def centre_cropped(picture: Image.Image, share: float) -> Image.Image:
    width, height = picture.size
    dx, dy = round(width * share / 2), round(height * share / 2)
    return picture.crop((dx, dy, width - dx, height - dy))


def corner_cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((round(width * CORNER), round(height * CORNER), width, height))


def _bordered(picture: Image.Image) -> Image.Image:
    return ImageOps.expand(picture, round(max(picture.size) * BORDER), (245, 245, 245))


def _watermarked(picture: Image.Image) -> Image.Image:
    """A small line of text in a corner."""
    marked = picture.copy()
    width, height = marked.size
    ImageDraw.Draw(marked).text((width * 0.72, height * 0.94), "posted here", fill=(255, 255, 255))
    return marked


_CHANGES: dict[Transform, Callable[[Image.Image], Image.Image]] = {
    Transform.RECOMPRESSED: lambda picture: picture,
    Transform.RESIZED: lambda picture: picture.resize(
        (picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS
    ),
    Transform.WATERMARKED: _watermarked,
    Transform.MIRRORED: ImageOps.mirror,
    Transform.BORDERED: _bordered,
    Transform.CORNER_CROPPED: corner_cropped,
    Transform.TURNED: lambda picture: picture.rotate(TURNED_BY, Image.Resampling.BICUBIC),
    **{transform: partial(centre_cropped, share=share) for transform, share in CROPS.items()},
}
