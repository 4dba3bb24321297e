"""A picture's bytes → the pixels that models want (hostile input may loop, swell or crash: for guarded children).

No torch here: a child has to start quickly and own nothing that is worth taking.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from services.classifier.pictures.shape import Shape
from shared.prints.opening import MAX_PIXELS, opened

MAX_ANIMATED_PIXELS = 80_000_000  # decoded of an animation: 40 frames of a screen's size
# Frames of an animation that are looked at: whatever it shows for long is among them, and a short one is seen whole.
LOOKED_AT = (0, 1, 3, 9, 27)
ORIENTATION = ExifTags.Base.Orientation

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
        for lenient in (False, True):
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
    with opened(body, lenient=lenient) as image:
        if image.width * image.height > MAX_PIXELS:
            return Decoded(unread=TOO_LARGE)
        sizes = [shape.least(*image.size) for shape in shapes]
        # A JPEG can be decoded to a half, a quarter, an eighth for much less work; others take no notice.
        image.draft("RGB", (max(width for width, _ in sizes), max(height for _, height in sizes)))
        frames = [
            [shape.of(shown).tobytes() for shape in shapes] for frame in _frames(image) for shown in [_upright(frame)]
        ]
        return Decoded(tuple(zip(*frames, strict=True)))


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
    """As it is shown: turned as its metadata says, on white where it is transparent. Usually the frame itself, since a
    copy costs as much as resizing it."""
    turned = ImageOps.exif_transpose(frame) if frame.getexif().get(ORIENTATION, 1) != 1 else frame
    if turned.has_transparency_data:
        return on_white(turned)
    return turned if turned.mode == "RGB" else turned.convert("RGB")


def on_white(image: Image.Image) -> Image.Image:
    layered = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
