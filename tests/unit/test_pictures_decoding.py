"""Pictures become pixels as the models' own processors make them, whatever the web sends as a picture."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import CLIPImageProcessorPil, ConvNextImageProcessorPil

from services.classifier.pictures.decoding import MALFORMED, TOO_LARGE, UNKNOWN, decode
from services.classifier.pictures.preparing import read_preparation
from services.classifier.pictures.shape import Shape
from tests.support.findings import picture_file
from tests.support.hostile_media import chunk, frame_bomb

SQUARE = Shape(32, 32, 32, 32, 2)
CROPPED = Shape(256, 256, 224, 224, 2)
PROPORTIONED = Shape(None, 256, 224, 224, 3)


def file(image: Image.Image, format: str = "PNG", **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **how)
    return out.getvalue()


def array(pixels: bytes, shape: Shape) -> np.ndarray:
    return np.frombuffer(pixels, np.uint8).reshape(shape.crop_height, shape.crop_width, 3)


def smooth(width: int, height: int) -> Image.Image:
    coarse = np.random.default_rng(3).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    ("processor", "shape"),
    [
        (CLIPImageProcessorPil(size={"height": 256, "width": 256}, crop_size=224, resample=2), CROPPED),
        (CLIPImageProcessorPil(size={"shortest_edge": 256}, crop_size=224, resample=3), PROPORTIONED),
        (ConvNextImageProcessorPil(size={"shortest_edge": 224}, crop_pct=0.875, resample=3), PROPORTIONED),
    ],
)
@pytest.mark.parametrize("size", [(640, 427), (300, 900), (120, 90)])
def test_pixels_are_those_of_the_librarys_processor(processor, shape, size):
    read, scaling = read_preparation(processor.to_dict())
    assert read == shape
    image = smooth(*size)
    expected = processor(image, return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)
    (frames,) = decode(file(image), (shape,)).pixels
    ours = array(frames[0], shape) * np.array(scaling.factor) + np.array(scaling.offset)
    # Cropping first rounds the place of the crop differently, by half a pixel at most.
    assert np.abs(ours - expected).mean() < 0.03


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "HEIF"])
def test_every_format_that_browsers_show_gives_the_same_picture(format):
    (frames,) = decode(file(smooth(320, 240), format), (SQUARE,)).pixels
    plain = np.asarray(SQUARE.of(smooth(320, 240)), float)
    assert np.abs(array(frames[0], SQUARE) - plain).mean() < 6


def test_each_shape_gets_its_own_pixels():
    first, second = decode(picture_file(), (SQUARE, CROPPED)).pixels
    assert (len(first[0]), len(second[0])) == (SQUARE.bytes, CROPPED.bytes)


def test_a_photograph_that_lies_on_its_side_is_set_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = smooth(200, 100)
    turned = decode(file(image.rotate(90, expand=True), "JPEG", exif=exif, quality=95), (SQUARE,)).pixels[0][0]
    plain = decode(file(image, "JPEG", quality=95), (SQUARE,)).pixels[0][0]
    assert np.abs(array(turned, SQUARE).astype(float) - array(plain, SQUARE)).mean() < 3


def test_what_is_transparent_is_white():
    clear = decode(file(Image.new("RGBA", (40, 40), (200, 0, 0, 0))), (SQUARE,)).pixels[0][0]
    assert set(clear) == {255}


def test_frames_of_an_animation_are_looked_at():
    shades = [Image.new("L", (60, 60), shade) for shade in (10, 90, 170, 250)]
    body = file(shades[0], "GIF", save_all=True, append_images=shades[1:], duration=100)
    (frames,) = decode(body, (SQUARE,)).pixels
    assert [frame[0] for frame in frames] == [10, 90, 250]


def test_an_endless_animation_is_looked_at_for_a_while():
    (frames,) = decode(frame_bomb(frames=400), (SQUARE,)).pixels
    assert len(frames) == 4  # 80 million pixels are 20 of its frames: 0, 1, 3 and 9


def gigapixels() -> bytes:
    """Claims 100,000 × 100,000 pixels."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(bytes(1_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (gigapixels(), TOO_LARGE),
        (b"", UNKNOWN),
        (b"<svg/>", UNKNOWN),
        (b"II*\0\x08\0\0\0", UNKNOWN),
        (picture_file()[:20], UNKNOWN),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 9, 0, 0, 0)), UNKNOWN),
        (file(smooth(300, 300), "WEBP")[:40] + bytes(400), MALFORMED),
    ],
)
def test_what_cannot_be_decoded_says_why(body, why):
    decoded = decode(body, (SQUARE,))
    assert decoded.pixels == ()
    assert decoded.unread == why


def test_a_damaged_picture_is_seen_as_far_as_it_goes():
    body = picture_file()
    assert decode(body[: len(body) * 2 // 3], (SQUARE,)).pixels


@given(st.integers(1, 4000), st.integers(1, 4000), st.sampled_from([SQUARE, CROPPED, PROPORTIONED]))
@settings(max_examples=60)
def test_every_size_of_picture_gives_the_shape(width, height, shape):
    assert shape.of(Image.new("RGB", (width, height))).size == (shape.crop_width, shape.crop_height)


@given(st.binary(max_size=200), st.integers(0, 200))
@settings(max_examples=60)
def test_no_bytes_raise(junk, place):
    body = picture_file(size=32)
    decode(body[:place] + junk + body[place + len(junk) :], (SQUARE,))
