"""Boxes of a page's layout, what is drawn of them, and what of a screenshot remains without them."""

import io
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from services.evidence.capture.boxes import MAX_LETTER, MAX_NODES, STYLES, UNKNOWN, WHOLE, Box, Boxes, boxes_of
from services.evidence.capture.lettering import LOWEST, lettering
from services.evidence.capture.redacting import MOST_COVERED, redacted
from services.evidence.capture.wireframe import MAX_BOXES, wireframe
from tests.support.pages import picture

numbers = st.integers(-3000, 9000)
boxes = st.frozensets(st.builds(Box, numbers, numbers, numbers, numbers), max_size=12)
PLAIN = ["none", "normal", *["none"] * 7, "visible", "visible", "0px"]


def snapshot(*elements: tuple[str, list[str], list[float]]):
    """As Chromium gives it: name, styles and bounds of each element."""
    strings = list(dict.fromkeys(word for name, styles, _ in elements for word in (name, *styles)))
    at = strings.index
    return {
        "strings": strings,
        "documents": [
            {
                "nodes": {"nodeType": [1] * len(elements), "nodeName": [at(name) for name, _, _ in elements]},
                "layout": {
                    "nodeIndex": list(range(len(elements))),
                    "bounds": [bounds for _, _, bounds in elements],
                    "styles": [[at(style) for style in styles] for _, styles, _ in elements],
                },
                "textBoxes": {"layoutIndex": [0], "bounds": [[10, 10, 50, 20]]},
            }
        ],
    }


def styled(**values: str) -> list[str]:
    given = {name.replace("_", "-"): value for name, value in values.items()}
    return [given.get(name, plain) for name, plain in zip(STYLES, PLAIN, strict=True)]


def test_pictures_are_told_by_name_and_by_style():
    whole = [0.0, 0.0, 100.5, 100.0]
    found = boxes_of(
        snapshot(
            ("DIV", PLAIN, whole),
            ("IMG", styled(overflow_x="clip", overflow_y="clip"), [10.2, 20.7, 30.1, 40.0]),
            ("P", styled(background_image='linear-gradient(red, blue), url("x")'), [1, 2, 3, 4]),
            ("P", styled(background_image="linear-gradient(red, blue)"), [5, 5, 5, 5]),
            ("::before", styled(content='"words"'), [6, 6, 6, 6]),
        )
    )
    assert found.pictures == {Box(10, 20, 41, 61), Box(1, 2, 4, 6)}
    assert found.blocks == {Box(0, 0, 101, 100), Box(5, 5, 10, 10), Box(6, 6, 12, 12)}
    assert found.text == {Box(10, 10, 60, 30)}
    assert found.known


def test_what_draws_beyond_its_box_makes_all_unknown():
    for name, styles in [
        ("IMG", PLAIN),  # overflow: visible
        ("IMG", styled(overflow_x="clip")),
        ("IMG", styled(overflow_x="clip", overflow_y="clip", overflow_clip_margin="content-box 500px")),
        ("DIV", styled(**{"-webkit-mask-box-image-source": 'url("x")'})),
        ("DIV", styled(filter='url("#f")')),
        ("DIV", styled(border_image_source='url("x")')),
        ("DIV", styled(**{"-webkit-box-reflect": "below 0px"})),
    ]:
        assert not boxes_of(snapshot((name, styles, [0, 0, 100, 100]))).known


def test_the_background_of_a_body_is_drawn_on_all_of_the_page():
    found = boxes_of(snapshot(("BODY", styled(background_image='url("x")'), [8, 8, 10, 10])))
    assert found.pictures == {WHOLE}


def test_high_letters_may_be_drawings():
    given = snapshot(("DIV", PLAIN, [0, 0, 1000, 1000]))
    given["documents"][0]["textBoxes"]["bounds"] = [[0, 0, 100, MAX_LETTER + 1]]
    assert boxes_of(given).text == frozenset()


def test_a_page_of_too_many_parts_is_unknown():
    given = snapshot(("DIV", PLAIN, [0, 0, 10, 10]))
    given["documents"][0]["layout"]["nodeIndex"] *= MAX_NODES + 1
    assert boxes_of(given) is UNKNOWN


def test_of_two_looks_pictures_are_added_and_text_must_stay():
    one, other = Box(0, 0, 9, 9), Box(1, 1, 9, 9)
    both = Boxes(frozenset({one}), frozenset({one, other})).with_later(Boxes(frozenset({other}), frozenset({other})))
    assert (both.pictures, both.text) == ({one, other}, {other})
    assert not both.with_later(UNKNOWN).known


@given(boxes, boxes, boxes)
def test_the_wireframe_is_made_of_numbers(pictures, text, blocks):
    drawn = wireframe(Boxes(pictures, text, blocks), 1280, 4000).decode()
    assert re.fullmatch(r'[\w\s<>/="#.:-]+', drawn)
    assert set(re.findall(r"<(\w+)", drawn)) == {"svg", "g", "rect"}
    assert all(0 <= int(number) <= 4000 for number in re.findall(r'(?:x|y|width|height)="(-?\d+)"', drawn))


def test_the_wireframe_ends():
    many = frozenset(Box(n % 1000, n // 1000, n % 1000 + 20, n // 1000 + 20) for n in range(3 * MAX_BOXES))
    assert wireframe(Boxes(blocks=many), 1280, 4000).count(b"<rect") == MAX_BOXES + 1


LINE = "The lantern parcel waits at gate seven 등불 1234567890"


def lined(size: int, draw_under=None) -> Image.Image:
    """A page of five lines of text, 24 pixels apart, over what is drawn first."""
    image = Image.new("RGB", (640, 120), "white")
    if draw_under:
        draw_under(image)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    for y in range(0, 120, 24):
        draw.text((4, y + 2), LINE, fill=(20, 20, 60), font=font)
    return image


LINES = frozenset(Box(4, y, 600, y + 24) for y in range(0, 120, 24))


@pytest.mark.parametrize("size", [12, 18])
def test_letters_on_a_plain_ground_are_put_back(size):
    assert lettering(lined(size), LINES).crop((4, 0, 300, 120)).getextrema() == (255, 255)


def mosaic(side: int, *colours: tuple[int, int, int]):
    def drawn(image: Image.Image) -> None:
        draw, chance = ImageDraw.Draw(image), random.Random(5)
        for x in range(0, image.width, side):
            for y in range(0, image.height, side):
                draw.rectangle((x, y, x + side - 1, y + side - 1), fill=chance.choice(colours))

    return drawn


def noise(image: Image.Image) -> None:
    image.paste(Image.effect_noise(image.size, 60).convert("RGB"))


@pytest.mark.parametrize(
    "under",
    [
        mosaic(6, (200, 30, 30), (30, 200, 30)),
        mosaic(14, (200, 30, 30), (30, 200, 30), (30, 30, 200)),
        mosaic(3, (0, 0, 0), (120, 120, 120), (255, 255, 255)),
        noise,
        lambda image: image.paste(Image.linear_gradient("L").rotate(90).resize(image.size).convert("RGB")),
        lambda image: image.paste(Image.radial_gradient("L").resize(image.size).convert("RGB")),
    ],
)
def test_what_is_drawn_under_letters_is_not_put_back(under):
    shown = lettering(lined(14, under), LINES)
    assert shown.histogram()[255] < 0.1 * 640 * 120


def test_blocks_of_colour_that_are_letters_each_are_not_put_back():
    image = Image.new("RGB", (640, 120))
    mosaic(16, (200, 30, 30), (30, 200, 30), (30, 30, 200))(image)
    each = [Box(x, y, x + 17, y + 16) for x in range(0, 624, 16) for y in range(0, 112, 16)]
    assert lettering(image, each).histogram()[255] < 0.1 * 640 * 120


def test_dots_that_are_letters_each_are_not_put_back():
    image = lined(14)
    assert not lettering(image, [Box(0, y, 640, y + LOWEST - 1) for y in range(0, 120, LOWEST - 1)]).getbbox()


@settings(max_examples=10)
@given(boxes, boxes)
def test_any_boxes_leave_a_screenshot_of_the_same_size(pictures, text):
    with Image.open(io.BytesIO(redacted(picture(320, 200), Boxes(pictures, text)))) as image:
        assert image.size == (320, 200)


def test_where_nothing_is_known_nothing_is_put_back():
    everywhere = frozenset({Box(0, 0, 320, 200)})
    with Image.open(io.BytesIO(redacted(picture(320, 200), Boxes(text=everywhere, known=False)))) as image:
        assert all(abs(red - green) < 8 for _, (red, green, _) in image.getcolors(1 << 20))


def test_lines_that_lie_over_each_other_end(monkeypatch):
    """Of a page whose text is a thousand times over itself, only so much is looked at."""
    looked: list[Box] = []
    monkeypatch.setattr(
        "services.evidence.capture.redacting.lettering",
        lambda page, lines: looked.extend(lines) or Image.new("L", page.size),
    )
    redacted(
        picture(320, 200), Boxes(text=frozenset(Box(x, y, 320, y + 40) for x in range(30) for y in range(-40, 240)))
    )
    assert sum(line.area for line in looked) <= MOST_COVERED * 320 * 200
    assert all(line.top >= 0 and line.bottom <= 200 for line in looked)
