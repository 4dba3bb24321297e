"""Text of others in the report: one line, short, harmless, and drawable to the last character."""

import sys
from functools import cache
from pathlib import Path

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from shared.typeset import drawing
from shared.typeset.drawing import STANDARD, fonts
from shared.typeset.plain import defanged, drawable, shown

LIMIT = 40
FONTS = tuple((Path(drawing.__file__).parent / "fonts").glob("*.?tf"))
WORDS = ("drafter/templates/*.txt", "drafter/data/*.toml", "gateway/messages/*/*.toml", "evidence/bundle/words.toml")
SERVICES = Path(__file__).parents[2] / "services"


@cache
def every() -> str:
    return "".join(filter(drawable, map(chr, (*range(0xD800), *range(0xE000, sys.maxunicode + 1)))))


@given(st.text(max_size=200))
@settings(max_examples=150)
def test_whatever_is_shown_is_short_and_drawable(text):
    line = shown(text, LIMIT).replace("\u200b", "")
    assert len(line) <= LIMIT
    assert all(map(drawable, line))


def test_what_cannot_be_drawn_or_leads_astray_is_named():
    assert shown("abc\u202edcba", LIMIT) == "abc[U+202E]dcba"
    assert shown("상자 \U0001f600 箱", LIMIT) == "상자 [U+1F600] 箱"
    assert shown("a\r\n  b\tc", LIMIT) == "a b c"
    assert shown("기관\u3164", LIMIT) == "기관[U+3164]"
    assert shown("مرحبا بكم", 80).startswith("[U+0645 U+0631 U+062D U+0628 …]")


def test_what_is_too_long_is_cut_and_breaks():
    assert shown("x" * 10_000, LIMIT).replace("\u200b", "") == "x" * (LIMIT - 1) + "…"
    assert shown("k" * 30, LIMIT) == "k" * 20 + "\u200b" + "k" * 10


def test_an_address_leads_nowhere():
    assert defanged("https://board.en.test/a.b", 99).replace("\u200b", "") == "hxxps://board[.]en[.]test/a.b"
    assert "board.en.test" not in defanged("board.en.test", 99)
    assert "http" not in defanged("http://[bad", 99)


def test_every_character_that_is_let_through_can_be_drawn():
    """PDF/A refuses a character that no font has."""
    assert len(every()) > 23_000
    template = b"""
        #let ours = ("Haetae Hangul", "FiraGO", "Noto Sans CJK SC", "Libertinus Serif", "DejaVu Sans Mono")
        #set text(font: ours, size: 6pt)
        #sys.inputs.every.codepoints().join(" ")"""
    drawn = typst.Compiler(input=template, font_paths=fonts()).compile(
        input=template, format="pdf", sys_inputs={"every": every()}, pdf_standards=STANDARD, timestamp=0
    )
    assert drawn.startswith(b"%PDF-")


@pytest.mark.parametrize("path", FONTS, ids=lambda path: path.stem)
def test_no_glyph_is_empty(path):
    """A font may map a character to a glyph without an outline. It hides the character, and the fonts after it that
    would draw it."""
    font = ImageFont.truetype(path, 24)
    assert [one for one in every() if not one.isspace() and font.getmask(one).getbbox() is None] == []


@pytest.mark.parametrize("pattern", WORDS)
def test_every_character_of_our_words_can_be_drawn(pattern):
    paths = list(SERVICES.glob(pattern))
    lacking = {path.name: set(path.read_text(encoding="utf-8")) - set(every()) - {"\n"} for path in paths}
    assert paths
    assert {name: sorted(few) for name, few in lacking.items() if few} == {}
