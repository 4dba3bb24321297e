"""A picture's bytes → the pixels that models want (hostile input may loop, swell or crash: for guarded children).

No torch here: a child has to start quickly and own nothing that is worth taking.
"""

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import pillow_heif
from PIL import AvifImagePlugin, Image, ImageFile, ImageOps, UnidentifiedImageError

from services.classifier.pictures.shape import Shape

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF", "HEIF")  # what browsers show, as the crawler keeps it
MAX_PIXELS = 50_000_000  # a 50-megapixel photograph; more is a bomb
MAX_ANIMATED_PIXELS = 80_000_000  # decoded of an animation: 40 frames of a screen's size
# Frames of an animation that are looked at: whatever it shows for long is among them, and a short one is seen whole.
LOOKED_AT = (0, 1, 3, 9, 27)

Image.MAX_IMAGE_PIXELS = None  # ours is stricter, and says so
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pillow_heif.register_heif_opener(decode_threads=0, thumbnails=False, depth_images=False, aux_images=False)


TOO_LARGE = "it has more pixels than any photograph"
MALFORMED = "it begins as its format does, and cannot be decoded"
UNKNOWN = "it is in none of the formats that browsers show"


@dataclass(frozen=True)
class Decoded:
    """For each shape the frames that are looked at, each height × width × 3 bytes, red first. `unread`: why there are
    none, in the words of `PictureSigns.unread`."""

    pixels: tuple[tuple[bytes, ...], ...] = ()
    unread: str = ""


def decode(body: bytes, shapes: tuple[Shape, ...]) -> Decoded:
    """Never raises for what the bytes are; `MemoryError` where memory ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata
        for lenient in (False, True):  # to damage a picture must not hide it: browsers show what there is of it
            try:
                return _decode(body, shapes, lenient)
            except MemoryError:
                raise
            except UnidentifiedImageError:
                unread = UNKNOWN
            except Exception:  # a decoder fails on hostile input in any way it likes
                unread = MALFORMED
    return Decoded(unread=unread)


def _decode(body: bytes, shapes: tuple[Shape, ...], lenient: bool) -> Decoded:
    ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    with Image.open(io.BytesIO(body), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            return Decoded(unread=TOO_LARGE)
        if image.format == "JPEG":  # its decoder can give a half, a quarter, an eighth for much less work
            image.draft("RGB", _largest([shape.least(*image.size) for shape in shapes]))
        shown = [_upright(frame) for frame in _frames(image)]
        return Decoded(tuple(tuple(shape.of(frame).tobytes() for frame in shown) for shape in shapes))


def _largest(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    """The number of frames that the file claims is not asked; one that does not decode ends it."""
    image.load()
    yield image
    most = MAX_ANIMATED_PIXELS // (image.width * image.height)
    for number in range(1, min(LOOKED_AT[-1] + 1, most)):
        try:
            image.seek(number)
            image.load()
        except (EOFError, OSError, ValueError, SyntaxError):
            return
        if number in LOOKED_AT:
            yield image


def _upright(frame: Image.Image) -> Image.Image:
    """As it is shown: turned as its metadata says, on white where it is transparent."""
    turned = ImageOps.exif_transpose(frame)
    if not turned.has_transparency_data:
        return turned.convert("RGB")
    layered = turned.convert("RGBA")
    ground = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(ground, layered).convert("RGB")
