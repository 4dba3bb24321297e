"""Opening pictures of the web (hostile input may loop, swell or crash: for guarded children).

TIFF is left out on purpose: of the common browsers one shows it, and its library has had the most holes of all.
"""

import io

import pillow_heif
from PIL import AvifImagePlugin, Image, ImageFile

from shared.prints.pdq import MAX_PIXELS

__all__ = ["FORMATS", "MAX_PIXELS", "opened"]

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF", "HEIF")

Image.MAX_IMAGE_PIXELS = None  # ours is stricter, and says so
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pillow_heif.register_heif_opener(decode_threads=0, thumbnails=False, depth_images=False, aux_images=False)


def opened(body: bytes, *, lenient: bool, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """Not decoded yet: look at its size first. `lenient`: as browsers do, show what there is of a picture that is cut
    off, and overlook broken metadata. To damage a picture must not hide it. Raises whatever a decoder likes."""
    ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    return Image.open(io.BytesIO(body), formats=formats)
