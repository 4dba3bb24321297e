"""Normalisation: disguises come off, and doing it twice is doing it once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.texts.jamo import compose, decompose
from services.classifier.texts.normalise import clean, skeleton

PLAIN = "The lantern parcel waits at gate seven"
# Characters that make trouble for one another: jamo of both kinds, marks, fillers, look-alikes, wide forms.
AWKWARD = st.text(
    st.one_of(
        st.sampled_from("ㄱㅏㄴㄳㅋㅘᄀ\u1161ᆫ가각\u0301\u200b\ufe0f\u3164ﾞｶㄱßİıŉΑаё0O@$ _.\n\tก\u0e34ﬁ①２Ａ"),
        st.characters(exclude_categories=("Cs",)),
    )
)


@given(AWKWARD)
def test_clean_twice_is_clean_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(AWKWARD)
def test_skeleton_twice_is_skeleton_once(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)))
def test_syllables_typed_letter_by_letter_are_put_together_again(text: str) -> None:
    assert compose(decompose(text)) == text


@pytest.mark.parametrize(
    "disguised",
    [
        "THE  LANTERN\tPARCEL WAITS AT GATE SEVEN!!",
        "Th3 l4nt3rn p@rc3l w41ts at g@te $even",
        "The lan\u200btern par\u00adcel wa\u2060its at ga\ufe0fte seven",
        "Тһе lаntеrn раrсеl wаіtѕ аt gаtе ѕеvеn",
        "Ｔｈｅ ｌａｎｔｅｒｎ ｐａｒｃｅｌ ｗａｉｔｓ ａｔ ｇａｔｅ ｓｅｖｅｎ",
        "Thé låntern pärcel ŵaits at gäte se\u0301\u0302\u0303ven",
        "The lantern... parcel 🔥 waits -- at gate *seven*",
    ],
)
def test_disguises_come_off(disguised: str) -> None:
    assert skeleton(disguised) == skeleton(PLAIN)


def test_repeated_letters_are_squeezed() -> None:
    assert skeleton("sooooo seveeeeen") == "soo seveen"


def test_korean_jamo_survive_compatibility_normalisation() -> None:
    assert clean("ㅅㅗㅍㅗㄱㅏ 7ㅂㅓㄴ ㅁㅜㄴㅇㅔㅅㅓ ㅋㅋ") == "소포가 7번 문에서 ㅋㅋ"


def test_thai_vowel_signs_stay() -> None:
    assert skeleton("ที่ประตู") == "ที่ประตู"


def test_clean_keeps_lines_and_case() -> None:
    assert clean("Ａ  line\nand\u200b another") == "A line\nand another"
