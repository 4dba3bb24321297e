"""Personal data: what a line lays open in seven languages, and what only looks like it."""

import tomllib
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.texts.normalise import clean
from services.classifier.texts.personal import KINDS, MOST, personal_data
from services.classifier.texts.personal.id_numbers import NUMBERS, id_numbers
from services.classifier.texts.unmasked import unmask

LINES = tomllib.loads((Path(__file__).parent / "personal/lines.toml").read_text())["lines"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["text"][:30])
def test_a_line_lays_open_what_it_shows_and_no_more(line: dict[str, object]) -> None:
    assert sorted(personal_data(unmask(str(line["text"])).text, str(line["language"]))) == line["shows"]


def test_every_language_has_lines_that_show_something_and_near_misses() -> None:
    for language in ("ko", "en", "ja", "zh", "vi", "th", "ru"):
        own = [line["shows"] for line in LINES if line["language"] == language]
        assert sum(map(bool, own)) >= 7
        assert sum(not shows for shows in own) >= 3


def test_near_misses_stay_none_in_any_language() -> None:
    """A page's language may be told wrong: numbers of other countries must not appear by that."""
    for line in LINES:
        if not line["shows"]:
            assert personal_data(unmask(line["text"]).text, None) == {}, line["text"]


@pytest.mark.parametrize(
    "hidden",
    [
        "010 1234 5678",
        "010.1234.5678",
        "(010) 1234-5678",
        "010\u200b-1234\u200b-5678",
        "０１０-１２３４-５６７８",
        "010~1234~5678",
    ],
)
def test_a_number_is_found_however_it_is_written(hidden: str) -> None:
    assert personal_data(unmask(f"문의 {hidden} 주세요").text, "ko") == {"phone": 1}


def test_different_ones_are_counted_and_the_same_once() -> None:
    text = "010-1234-5678, 010.1234.5678, 010-1234-5679"
    assert personal_data(text, "ko") == {"phone": 2}
    assert personal_data("+82 10-1234-5678, at home 010-1234-5678", "ko") == {"phone": 1}


@pytest.mark.parametrize("school", ["한빛무지개초등학교", "Green Hill High School", "THPT Cây Phong Lá Đỏ"])
def test_one_named_again_and_again_is_one(school: str) -> None:
    rng = Random(3)
    for _ in range(100):
        text = "".join(f"{school}, {'and so on ' * rng.randrange(9)}" for _ in range(4))
        assert personal_data(text, "ko") == {"school": 1}, text


def test_of_many_only_so_many_are_told() -> None:
    many = "\n".join(f"010-{n // 100 + 2000}-{n % 100 + 5000}" for n in range(900))
    assert personal_data(many, "ko")["phone"] == MOST


def test_a_wrong_check_digit_is_no_identity_number() -> None:
    for right in ("900101-1234568", "11010519491231002X", "1-2345-67890-12-1", "112-233-445 95"):
        assert id_numbers(right, MOST) == [right]
        wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
        assert id_numbers(wrong, MOST) == []
    assert len(NUMBERS) == 8


@settings(max_examples=60)
@given(
    st.text(st.one_of(st.sampled_from("010-1234 5678@.:路街号로길동호市丁目IDid카톡"), st.characters()), max_size=60)
)
def test_any_text_is_read(text: str) -> None:
    assert set(personal_data(clean(text), None)) <= set(KINDS)
