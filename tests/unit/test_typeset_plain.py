"""Text of others in the report: one line, short, harmless, and drawable to the last character."""

import sys

import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.typeset.drawing import STANDARD, fonts
from shared.typeset.plain import defanged, drawable, shown

LIMIT = 40


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
    every = "".join(filter(drawable, map(chr, (*range(0xD800), *range(0xE000, sys.maxunicode + 1)))))
    assert len(every) > 23_000
    template = b"""
        #set text(font: ("NanumSquare", "Noto Sans CJK SC", "FiraGO", "Libertinus Serif", "DejaVu Sans Mono"), size: 6pt)
        #sys.inputs.every.codepoints().join(" ")"""
    drawn = typst.Compiler(input=template, font_paths=fonts()).compile(
        input=template, format="pdf", sys_inputs={"every": every}, pdf_standards=STANDARD, timestamp=0
    )
    assert drawn.startswith(b"%PDF-")
