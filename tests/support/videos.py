"""Procedural videos: scenes of discs on a gradient, cut hard."""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageDraw

RATE = 10  # frames a second
KINDS = {  # container → codec
    "mp4": "libx264",
    "mov": "mpeg4",
    "webm": "libvpx-vp9",
    "matroska": "libx264",
    "avi": "mpeg4",
    "mpegts": "mpeg2video",
}


def scene(number: int, width: int = 320, height: int = 240, moved: int = 0) -> Image.Image:
    """Each number another picture; `moved` shifts its discs by pixels."""
    rng = np.random.default_rng(number)
    image = Image.linear_gradient("L").rotate(90 * (number % 4)).resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for x, y, size, *colour in rng.integers((0, 0, 30, 0, 0, 0), (width, height, 120, 255, 255, 255), (7, 6)).tolist():
        draw.ellipse((x + moved, y, x + moved + size, y + size), fill=tuple(colour))
    return image


def video(
    container: str = "mp4",
    scenes: int = 3,
    seconds: float = 1.0,
    key_every: int = 1_000,
    size: tuple[int, int] = (320, 240),
    **options: str,
) -> bytes:
    """`scenes` of `seconds` each; a key frame every `key_every` frames and, as encoders do, at cuts."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as made:
        stream = made.add_stream(KINDS[container], rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size = key_every
        stream.codec_context.options = options
        stream.codec_context.time_base = Fraction(1, RATE)
        for number, image in enumerate(pictures(scenes, seconds, size)):
            frame = av.VideoFrame.from_image(image)
            frame.pts = number
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return out.getvalue()


def pictures(scenes: int, seconds: float, size: tuple[int, int]) -> Iterator[Image.Image]:
    for number in range(scenes):
        for step in range(round(seconds * RATE)):
            yield scene(number, *size, moved=step)
