"""Where pictures, videos and sounds of a page are, however it hides them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.pages.reading import read_html
from shared.pages.inline_pictures import MOST, inline_pictures
from tests.support.findings import TEXT

URL = "http://a.test/p/1"
A = ("http://a.test/a.jpg",)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3  # bytes enough to be a picture; nobody decodes them here


@pytest.mark.parametrize(
    "markup",
    [
        "<img src=/a.jpg>",
        "<img src=/blank.gif data-src=/a.jpg>",
        "<img data-original=/a.jpg src=data:image/gif;base64,R0lGODlhAQABAAAAACw=>",
        "<img srcset='/s.jpg 100w, /a.jpg 900w' src=/s.jpg>",
        "<img data-srcset='/s.jpg 1x, /a.jpg 2x'>",
        "<picture><source data-srcset='/a.jpg 800w'><img src=/f.jpg></picture>",
        "<noscript><img src=/a.jpg></noscript>",
        "<video poster=/a.jpg></video>",
        "<object type=image/jpeg data=/a.jpg></object>",
        "<embed type=image/jpeg src=/a.jpg>",
        "<div style=\"color:red; background-image: url( '/a.jpg' )\"></div>",
        f"<style>.hero{{background:#fff url(/a.jpg) no-repeat}}</style><div class=hero>{TEXT}</div>",
        f"<meta property=og:image content=/a.jpg><p>{TEXT}</p>",
        f"<link rel=image_src href=/a.jpg><p>{TEXT}</p>",
    ],
)
def test_a_picture_is_found(markup: str) -> None:
    assert read_html(markup, URL).pictures == A


@pytest.mark.parametrize(
    "markup",
    [
        "<img src=/count.gif width=1 height=1>",
        "<noscript><img height=1 width=1 src=http://count.test/tr?id=1></noscript>",
        "<img src=blob:http://a.test/1>",
        "<object type=application/pdf data=/a.pdf></object>",
        "<meta property=og:image content=/a.jpg>",  # the site's sign, on a page that says nothing
        "<style>body{background:url(/a.jpg)}</style>",
    ],
)
def test_what_counts_visitors_is_no_picture(markup: str) -> None:
    page = read_html(markup, URL)
    assert not page.pictures
    assert not page.is_content


def test_the_page_s_own_pictures_come_before_its_sign() -> None:
    assert read_html("<meta property=og:image content=/sign.jpg><img src=/a.jpg>", URL).pictures == A


def test_pictures_in_the_page_itself() -> None:
    encoded = base64.b64encode(PNG).decode()
    spaced = "\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
    page = read_html(f'<img src="data:image/png;base64,{encoded}"><img src="data:image/webp;base64,{spaced}x">', URL)
    assert page.inline_pictures == (PNG,)
    assert page.is_content
    assert not page.pictures


@pytest.mark.parametrize(
    "source",
    [
        "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "data:text/html,<b>",
        "data:",
        "data:image/svg+xml;base64," + "A" * 9000,
    ],
)
def test_placeholders_and_drawings_are_no_pictures(source: str) -> None:
    assert inline_pictures([source]) == ()


@given(st.text(max_size=60))
def test_no_inline_picture_breaks_the_reader(text: str) -> None:
    inline_pictures([f"data:image/png;base64,{text}", f"data:{text}", text])


def test_inline_pictures_are_bounded() -> None:
    assert (
        len(inline_pictures(f"data:image/png;base64,{base64.b64encode(PNG + bytes([n])).decode()}" for n in range(50)))
        == MOST
    )
    assert inline_pictures(["data:image/png;base64," + "A" * 20_000_000]) == ()


@pytest.mark.parametrize(
    "markup",
    [
        "<video src=/v.mp4></video>",
        "<video><source src=/v.mp4 type=video/mp4></video>",
        "<object type=video/mp4 data=/v.mp4></object>",
        "<meta property=og:video content=/v.mp4>",
        "<meta property=og:video:secure_url content=/v.mp4><meta property=og:video:type content=video/mp4>",
        '<script type=application/ld+json>{"@type": ["VideoObject"], "contentUrl": "/v.mp4"}</script>',
        "<a href=/v.mp4>file</a>",
    ],
)
def test_a_video_is_found(markup: str) -> None:
    page = read_html(markup, URL)
    assert page.videos == ("http://a.test/v.mp4",)
    assert page.is_content
    assert not page.links


def test_a_player_is_no_video_and_a_sound_is_none() -> None:
    page = read_html(
        "<meta property=og:video content=/player><meta property=og:video:type content=text/html>"
        "<audio src=/s.mp3></audio><audio><source src=/t.ogg></audio>",
        URL,
    )
    assert page.videos == ()
    assert page.audio == ("http://a.test/s.mp3", "http://a.test/t.ogg")
