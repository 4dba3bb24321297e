"""The report: two pages, whatever was captured; fonts embedded; nothing of it can be followed or run."""

import base64
import io
import re
from dataclasses import replace

import pytest
from PIL import Image
from pypdf import PdfReader

from services.evidence.bundle.facts import report
from services.evidence.bundle.picture import Shown, drawing
from services.evidence.bundle.report import draw
from tests.support.pages import picture
from tests.support.reports import OFFICE, URL, contents, custody_lines, manifest

BOXES = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="5"/></svg>'
BOTTOM = 14 / 25.4 * 72  # points: the margin below which a page is cut
WIREFRAME = Shown(BOXES, "wireframe")
HOSTILE = '#panic("x") $a$ *b* @c <d> \\ // \u202e\u0000\u200b مرحبا 简体 สวัสดี \U0001f600 ' + "w" * 5_000


def drawn(told) -> PdfReader:
    pdf = draw(
        report(told, OFFICE, Shown(drawing("screenshot-redacted.jpg", picture(1280, 2600)), "redacted")), told.order.at
    )
    return PdfReader(io.BytesIO(pdf))


def foot(reader: PdfReader, said: str) -> float:
    """How high above the edge of the second page this stands (points)."""
    at: list[float] = []
    reader.pages[1].extract_text(visitor_text=lambda text, place, *_: at.append(place[5]) if said in text else None)
    return at[0]


def text_of(reader: PdfReader) -> str:
    return " ".join(re.sub(r"\s+", " ", page.extract_text().replace("\u200b", "")) for page in reader.pages)


@pytest.fixture(scope="module")
def usual() -> PdfReader:
    return drawn(contents())


def test_it_says_what_a_court_asks_in_both_languages(usual):
    text = text_of(usual)
    assert len(usual.pages) == 2
    for said in (
        "hxxps://harbour-board[.]en[.]test/post/41",
        "식별값이 등록된 자료와 일치",
        "agrees with listed material",
        "2026-11-22 17:59:58 KST",
        "2026-11-22 08:59:58.123 UTC",
        "screenshot-redacted.jpg",
        "lighthouse",
        "반출 exported",
        "asked for by the police",
        "견본법 제1조",
        contents().manifest_sha256,
        "python -m haetae_verify",
    ):
        assert said in text, said
    assert URL not in text


def test_fonts_are_embedded_and_nothing_can_be_followed(usual):
    for page in usual.pages:
        assert "/Annots" not in page
        for font in page["/Resources"]["/Font"].values():
            (inner,) = font.get_object()["/DescendantFonts"]
            descriptor = inner.get_object()["/FontDescriptor"]
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
    assert "/Names" not in usual.trailer["/Root"]
    assert "/OpenAction" not in usual.trailer["/Root"]


def test_the_same_facts_make_the_same_bytes():
    told = contents()
    facts = report(told, OFFICE, WIREFRAME)
    assert draw(facts, told.order.at) == draw(facts, told.order.at)


def test_hostile_text_neither_runs_nor_makes_a_third_page():
    listed = manifest(f"https://board.en.test/{HOSTILE}")
    names = [f"picture-{number}-{'x' * 90}.jpg" for number in range(80)]
    told = contents(
        f"https://board.en.test/{HOSTILE}",
        why=HOSTILE,
        software=HOSTILE,
        steps=[{"name": HOSTILE, "outcome": "failed", "failure": HOSTILE, "object": "x"}] * 60,
        objects=[{**listed["objects"][0], "name": name} for name in names],
        assessed={
            **listed["assessed"],
            "category": HOSTILE,
            "reasons": [{"code": HOSTILE, "weight_permille": 5}] * 30,
            "matches": [{"algorithm": HOSTILE, "distance": 3, "variant": ""}] * 30,
        },
    )
    lines = custody_lines(str(told.order.case_id), *[("official-1", "viewed", {"why": HOSTILE})] * 30)
    told = replace(told, stamps=[replace(told.stamps[0], authority=HOSTILE)] * 9, custody=lines)
    reader = drawn(told)
    assert len(reader.pages) == 2
    assert foot(reader, told.seal["public_key"]) > BOTTOM
    assert '#panic("x") $a$ *b*' in text_of(reader)
    assert "56 more files" in text_of(reader)


def test_hash_only_shows_the_wireframe_and_says_so():
    told = contents(mode="hash-only")
    text = text_of(PdfReader(io.BytesIO(draw(report(told, OFFICE, WIREFRAME), told.order.at))))
    assert "digests only" in text
    assert "neither text nor pictures" in text


def test_text_of_the_page_is_not_legible_in_the_picture():
    """Strokes of a headline's letters, black on white, are one grey."""
    striped = Image.new("L", (1280, 800), 255)
    for left in range(0, 1280, 40):
        striped.paste(0, (left, 0, left + 20, 800))
    out = io.BytesIO()
    striped.save(out, "JPEG", quality=95)
    data = re.search('base64,([^"]+)', drawing("screenshot-redacted.jpg", out.getvalue()))[1]
    dark, bright = Image.open(io.BytesIO(base64.b64decode(data))).convert("L").crop((8, 8, 56, 32)).getextrema()
    assert bright - dark < 16


def test_what_is_no_picture_or_too_large_is_left_out():
    assert drawing("screenshot-redacted.jpg", b"<svg/>") == ""
    assert drawing("screenshot-redacted.jpg", picture(4_000, 4_000)) == ""
    assert drawing("layout.svg", b" " * (9 << 20)) == ""
    told = contents()
    text = text_of(PdfReader(io.BytesIO(draw(report(told, OFFICE, Shown()), told.order.at))))
    assert "No picture of the page was kept" in text


def test_a_long_chain_of_custody_shows_its_beginning_and_its_end():
    told = contents()
    lines = [("evidence", "collected", {}), *[("official-1", "viewed", {})] * 30, ("official-2", "exported", {})]
    told = replace(told, custody=custody_lines(str(told.order.case_id), *lines))
    text = text_of(drawn(told))
    assert "22 lines between" in text
    assert text.count("열람 viewed") == 8
    assert "반출 exported" in text
