"""Previews show nothing that could be recognised, and no picture breaks them."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat

from services.evidence.capture import pictures
from services.evidence.capture.pictures import PREVIEW, UNKNOWN, blurred, media_type
from tests.support.pages import picture


def encoded(image: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def lettering(text: str) -> bytes:
    image = Image.new("RGB", (640, 480), "white")
    ImageDraw.Draw(image).text((80, 200), text, fill="black", font_size=48)
    return encoded(image, "PNG")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_the_kind_is_told_by_the_bytes(form):
    data = encoded(Image.open(io.BytesIO(picture())), form)
    assert media_type(data) == f"image/{form.lower()}"
    assert blurred(data)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_colour_mode_has_a_preview(mode):
    assert blurred(encoded(Image.new(mode, (40, 30)), "PNG"))


def test_a_preview_is_small_and_grey():
    with Image.open(io.BytesIO(blurred(picture(1600, 1200)))) as preview:
        assert preview.mode == "L"
        assert max(preview.size) == PREVIEW


def test_what_is_written_in_a_picture_cannot_be_told_from_its_preview():
    one, other = (Image.open(io.BytesIO(blurred(lettering(text)))) for text in ("GATE SEVEN", "QUAY EIGHT"))
    assert max(ImageStat.Stat(ImageChops.difference(one, other)).extrema[0]) < 12


@given(st.binary(max_size=300))
def test_no_bytes_break_it(data):
    assert blurred(data) is None
    assert media_type(data) == UNKNOWN


@given(st.integers(min_value=2), st.binary(max_size=40))
def test_no_broken_picture_breaks_it(cut, rest):
    data = picture(64, 48)
    blurred(data[: cut % len(data)] + rest)


def test_a_decompression_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 99)
    assert blurred(encoded(Image.new("RGB", (10, 10)), "PNG")) is None


def test_markup_that_calls_itself_a_picture_is_unknown():
    assert media_type(b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>") == UNKNOWN
