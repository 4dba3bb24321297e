"""What its writer hid comes back, what is no disguise stays, and the share that was hidden is told."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.learning.disguises import letter_by_letter, look_alike, punctuated, zero_width
from services.classifier.texts.unmasked import unmask


@pytest.mark.parametrize(
    ("hidden", "meant"),
    [
        ("the l4nt3rn p@rc3l", "the lantern parcel"),
        ("l.a.n.t.e.r.n p-a-r-c-e-l", "lantern parcel"),
        ("l a n t e r n", "lantern"),
        ("lan\u200btern par\u00adcel", "lantern parcel"),
        ("la🔥nt🔥ern", "lantern"),
        ("the lаntеrn pаrcel", "the lantern parcel"),
        ("фoнapь у вopoт", "фонарь у ворот"),
        ("Ｌａｎｔｅｒｎ", "Lantern"),
        ("ㄷㅡㅇㅂㅜㄹ 꾸러미", "등불 꾸러미"),
        ("ㄷ ㅡ ㅇ ㅂ ㅜ ㄹ", "등불"),
        ("등.불.꾸.러.미", "등불꾸러미"),
        ("la\u0301\u0302\u0303\u0304ntern", "lántern"),
        ("등\u3164불", "등불"),
    ],
)
def test_a_disguise_comes_off_and_is_told(hidden: str, meant: str) -> None:
    unmasked = unmask(hidden)
    assert unmasked.text == meant
    assert unmasked.disguised > 0.05


@pytest.mark.parametrize(
    "plain",
    [
        "The lantern parcel waits at gate 7, bring the blue token (10:30).",
        "write to rook@board.test or see http://board.test/a-b-c/d.e?f=1",
        "order A1B2C3, mp3, covid19, h264, version 1.2.3, on 2026-11-22",
        "안녕 ㅋㅋ ㅠㅠ, 등불은 7번 문에서",
        "ฉันเห็นโคมไฟที่ประตู",
        "chiếc đèn lồng đợi ở cổng số bảy",
        "Фонарь ждёт у седьмых ворот",
        "提灯の包みは七番の門で。昨日は晴れていて庭の手入れをしました😀次は週末です",
    ],
)
def test_what_is_no_disguise_stays(plain: str) -> None:
    assert unmask(plain).disguised < 0.05
    assert unmask(plain).text.replace("😀", "") == plain.replace("😀", "")


def test_more_is_told_of_more() -> None:
    text = "the lantern parcel waits at gate seven and the copper kettle waits at the pier"
    for disguise in (look_alike, zero_width, punctuated):
        assert unmask(disguise(text, Random(1))).disguised > 0.1
    assert unmask(letter_by_letter("등불 꾸러미가 출입문에서 기다려요", Random(1))).disguised > 0.5
    assert unmask(text + " l4nt3rn").disguised < 0.1


@given(st.text(st.one_of(st.sampled_from("aаα013@$ .-_ㄱㅏ가\u200b\u0301🔥Ａ"), st.characters()), max_size=40))
def test_any_text_is_read(text: str) -> None:
    assert 0 <= unmask(text).disguised <= 1
