"""Changes of a notice that may change what it demands, though each word that must stay is there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.notices.editing import edited
from services.gateway.notices.meaning import demands_changed, figures, figures_changed, to_confirm
from shared.events import NoticeDrafted
from shared.events.examples import EXAMPLES
from shared.events.values import Notice, Requirement
from shared.notices import sealed

LAW = "The operator declares that the above is correct."
URL = "http://harbour-board.en.test/post/41"
BODY = f"Dear sirs,\n\nPlease remove\n{URL}\n\nPlease act within 24 hours.\n\n{LAW}\n\nKind regards\n"


def draft() -> Notice:
    example = EXAMPLES[NoticeDrafted]
    assert isinstance(example, NoticeDrafted)
    proof = Requirement(field="declaration", source="DSA 16(2)(d)", satisfied_by=LAW)
    words = {"subject": "Request for removal", "body": BODY, "requirements": (proof,), "fields": {}}
    return sealed(example.notices[0].model_copy(update=words))


def asked(before: str, after: str) -> list[str]:
    """The kinds of what has to be confirmed."""
    assert before in BODY
    return [
        one.kind for one in to_confirm(draft(), edited(draft(), "Request for removal", BODY.replace(before, after)))
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("within twenty-four hours", ["twenty", "four"]),
        ("스물네 시간 이내", ["스물네 시간"]), ("이십사 시간 이내", ["이십사 시간"]), ("사흘 안에", ["사흘"]),
        ("二十四小时内", ["二十四小时"]), ("二十四小時內", ["二十四小時"]), ("二十四時間以内", ["二十四時間"]),
        ("en veinticuatro horas", ["veinticuatro"]), ("в течение двадцати четырёх часов", ["двадцати", "четырёх"]),
        ("trong hai mươi bốn giờ", ["hai", "mươi", "bốn"]), ("ภายในยี่สิบสี่ชั่วโมง", ["ยี่สิบสี่ชั่วโมง"]),
        ("２４ hours, ٢٤ hours", ["24", "٢٤"]), ("the stone alone, 統一, 일부", []),
    ],
)  # fmt: skip
def test_figures_are_seen_in_digits_and_in_words_of_every_language_of_notices(text: str, found: list[str]) -> None:
    assert list(figures(text)) == found


@pytest.mark.parametrize("deadline", ["240", "twenty-four", "스물네"])
def test_another_deadline_is_confirmed(deadline: str) -> None:
    assert "figure" in asked("24 hours", f"{deadline} hours" if deadline != "스물네" else "스물네 시간")


def test_a_figure_that_changes_places_is_confirmed() -> None:
    assert figures_changed("2 hours, 90 days", "90 hours, 2 days") == ["90"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LAW, f"It is not so that: {LAW}"), (LAW, f"{LAW} We take that back."), ("Please remove", "Do not remove"),
        (f"\n\n{LAW}", f"\nIt is not so that\n{LAW}"),
    ],
)  # fmt: skip
def test_words_around_a_demand_are_confirmed(before: str, after: str) -> None:
    assert asked(before, after) == ["demand"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("Dear sirs", "Dear colleagues"), ("Kind regards", "Yours"), ("Please remove\n", "Please remove ")],
)
def test_courtesies_and_ends_of_lines_need_no_confirmation(before: str, after: str) -> None:
    assert asked(before, after) == []


def test_a_paragraph_that_is_there_twice_is_missed_once() -> None:
    twice = f"{BODY}\n\n{LAW}"
    assert demands_changed(draft(), twice, twice) == []
    assert demands_changed(draft(), f"{LAW}\n\n{LAW}", LAW) == [LAW]


@settings(max_examples=60)
@given(st.text("일이 십 시간ab 一二天dieci*teen12", max_size=400))
def test_whatever_text_there_is_its_figures_stand_in_it(text: str) -> None:
    assert figures_changed(text, text) == []
    assert all(one for one in figures(text))
