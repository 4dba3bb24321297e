"""Encodings: said, unsaid, and lied about."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.pages.charset import decode

SAMPLES = {
    "ko": "등불 소포는 일곱 번째 문에서 기다립니다. 아침에 시장 옆 다리에서 만나요.",
    "ja": "ランタンの小包は七番門で待っています。朝、市場の橋のそばで会いましょう。",
    "zh": "灯笼包裹在七号门等候。早上在市场旁边的桥上见面。",
    "tw": "燈籠包裹在七號門等候。早上在市場旁邊的橋上見面。",
    "ru": "Посылка с фонарём ждёт у седьмых ворот. Утром встретимся на мосту у рынка.",
    "th": "พัสดุโคมไฟรออยู่ที่ประตูเจ็ด ตอนเช้าเจอกันที่สะพานข้างตลาด",
    "de": "Das Laternenpaket wartet früh am Tor. Wir treffen uns auf der Brücke über den Fluß.",
    "el": "Το δέμα με το φανάρι περιμένει στην έβδομη πύλη.",
}
ENCODED = [
    ("ko", "cp949", "euc-kr"), ("ko", "utf-8", "utf-8"), ("ja", "cp932", "shift_jis"), ("ja", "euc_jp", "euc-jp"),
    ("ja", "iso2022_jp", "iso-2022-jp"), ("zh", "gb18030", "gb2312"), ("tw", "big5hkscs", "big5"),
    ("ru", "cp1251", "windows-1251"), ("ru", "koi8_r", "koi8-r"), ("ru", "iso8859_5", "iso-8859-5"),
    ("th", "cp874", "tis-620"), ("de", "cp1252", "iso-8859-1"), ("el", "cp1253", "windows-1253"),
]  # fmt: skip
WIDE = ("utf-16-le", "utf-16-be")


@pytest.mark.parametrize(("language", "codec", "label"), ENCODED)
def test_it_is_read_whether_it_is_said_or_not(language: str, codec: str, label: str) -> None:
    text = f"<p>{SAMPLES[language]}</p>"
    body = text.encode(codec)
    assert decode(body, f"text/html; charset={label}") == text
    assert decode(f"<meta charset={label}>".encode() + body).endswith(text)
    assert decode(body) == text


@pytest.mark.parametrize(("language", "codec", "_"), [row for row in ENCODED if row[1] != "cp1252"])
@pytest.mark.parametrize("lie", ["iso-8859-1", "windows-1252", "us-ascii"])
def test_a_server_s_default_says_nothing(language: str, codec: str, _: str, lie: str) -> None:
    text = f"<p>{SAMPLES[language]}</p>"
    assert decode(text.encode(codec), f"text/html; charset={lie}") == text


@pytest.mark.parametrize(("language", "codec", "_"), [row for row in ENCODED if row[0] in ("ko", "ja", "zh", "tw")])
@pytest.mark.parametrize("lie", ["windows-1251", "utf-16", "iso-8859-2", "koi8-r"])
def test_what_is_written_with_two_bytes_is_told_from_what_is_said_to_have_one(
    language: str, codec: str, _: str, lie: str
) -> None:
    text = f"<p>{SAMPLES[language]}</p>"
    assert decode(text.encode(codec), f"text/html; charset={lie}") == text


@pytest.mark.parametrize("lie", ["gb2312", "euc-kr", "shift_jis", "windows-1251", "utf-16"])
@pytest.mark.parametrize("language", SAMPLES)
def test_utf_8_is_what_it_is_whatever_it_says(language: str, lie: str) -> None:
    text = f"<meta charset={lie}>{SAMPLES[language]}"
    assert decode(text.encode(), f"text/html; charset={lie}") == text


@pytest.mark.parametrize("codec", WIDE)
@pytest.mark.parametrize("language", SAMPLES)
def test_utf_16_with_and_without_its_mark(language: str, codec: str) -> None:
    text = f"<html><p>{SAMPLES[language]}</p></html>" + " " * 400
    assert decode(text.encode(codec), f"text/html; charset={codec.replace('-le', 'le').replace('-be', 'be')}") == text
    assert decode((codecs.BOM_UTF16_LE if codec.endswith("le") else codecs.BOM_UTF16_BE) + text.encode(codec)) == text
    assert decode(text.encode(codec)) == text


@given(st.sampled_from(ENCODED), st.integers(1, 60), st.integers(0, 400))
def test_any_length_comes_back_where_the_encoding_is_said(row: tuple[str, str, str], times: int, blanks: int) -> None:
    language, codec, label = row
    text = " " * blanks + f"<p>{SAMPLES[language]} {times}</p>" * times
    assert decode(text.encode(codec), f"text/html; charset={label}") == text


@pytest.mark.parametrize(("language", "codec", "_"), ENCODED[:-2])
def test_a_page_that_is_cut_amid_a_character_is_still_read(language: str, codec: str, _: str) -> None:
    body = (f"<p>{SAMPLES[language]}</p>" * 400).encode(codec)
    for cut in (1, 2, 3):
        assert SAMPLES[language] in decode(body[:-cut], "", language)
        assert SAMPLES[language] in decode(body[: 16_100 - cut], "", language)
