"""In which languages a notice is, and how locked values stand in a text from right to left."""

import pytest

from services.drafter import direction, languages
from services.drafter.direction import FIRST_STRONG_ISOLATE, POP_ISOLATE, isolated
from services.drafter.languages import languages_for
from services.drafter.rendering import environment, render
from services.drafter.requirements import altered
from tests.support.goldens import LANGUAGES, recipient

# Neutral words, for the direction alone: no text that would go out.
RIGHT_TO_LEFT = "{{ tag }} طلب\nرقمنا: {{ reference }}\n{{ addresses.page }}\nالتاريخ {{ date }} حسب {{ citation }}\n"


@pytest.mark.parametrize(
    ("language", "channel", "wanted"),
    [
        ("ko", "mail", ("ko",)),
        ("en", "mail", ("en",)),
        ("zh-Hant", "mail", ("zh-Hant", "en")),
        ("ja", "mail", ("ja", "en")),
        ("ja", "form", ("ja",)),
        ("ja", "api", ("ja",)),
        ("de", "mail", ("en", "ko")),
        ("de", "form", ("en",)),
        ("ja", "pigeon", ("ja",)),
    ],
)
def test_the_second_language_is_where_it_is_useful(language, channel, wanted):
    to = recipient(language, None, "site").model_copy(update={"channel": channel})
    assert languages_for(to, frozenset(LANGUAGES)) == wanted


def test_an_occasion_with_few_templates_falls_back_on_them():
    assert languages_for(recipient("th", None, "regulator"), frozenset({"ko", "en"})) == ("en", "ko")
    assert languages_for(recipient("th", None, "regulator"), frozenset({"th"})) == ("th",)


@pytest.fixture
def arabic(monkeypatch, tmp_path):
    rules = languages.languages().model_copy(update={"direction": {"ar": "rtl"}})
    monkeypatch.setattr(direction, "languages", lambda: rules)
    (tmp_path / "notice.ar.txt").write_text(RIGHT_TO_LEFT)
    return environment(tmp_path)


def test_values_in_a_text_from_right_to_left_are_isolated_and_unchanged(arabic):
    page = "http://harbour-board.en.test/post/41?a=(1)"
    values = {
        "tag": "[Haetae HT-AAAAAAAA]",
        "reference": "HT-AAAAAAAA",
        "date": "2026-11-22",
        "citation": "47 USC 223a",
        "addresses": {"page": page},
        "home_citation": "",
    }
    read = render("notice.ar.txt", isolated(values, "ar"), arabic)
    for name in ("reference", "date", "citation"):
        assert f"{FIRST_STRONG_ISOLATE}{values[name]}{POP_ISOLATE}" in read.body
    assert read.body.count(FIRST_STRONG_ISOLATE) == read.body.count(POP_ISOLATE) == 3
    assert altered(read.body, [page], [values["reference"], values["date"], values["citation"]]) == ()
    assert read.heading.startswith("[Haetae HT-AAAAAAAA]")
    assert isolated(values, "ko") == values
