"""The files behind the picture addresses: rendered when first asked for, then kept."""

import io
from functools import lru_cache

from PIL import Image

from sandbox.known import known_picture
from sandbox.model import Picture
from sandbox.scenes import scene
from sandbox.transforms import encoded

# A default world has about 350 pictures of 30 to 150 KB; a larger one renders again what it has not shown for long.
_KEPT = 2_000
_THUMB = (240, 240)


@lru_cache(_KEPT)
def posted_file(picture: Picture) -> tuple[bytes, str]:
    """The file as it was posted, and its media type."""
    return encoded(_original(picture), picture.transform)


@lru_cache(_KEPT)
def thumbnail_file(picture: Picture) -> bytes:
    """The posted picture scaled down, JPEG."""
    small = Image.open(io.BytesIO(posted_file(picture)[0]))
    small.thumbnail(_THUMB, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=85)
    return out.getvalue()


def _original(picture: Picture) -> Image.Image:
    return known_picture(picture.source) if picture.known else scene(picture.source)
