"""Which answers are the page, and which are worth another try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evidence.domain import ATTEMPTS, PageFailed, PageGone, check_status, clean
from tests.support.captures import exchange


@pytest.mark.parametrize("status", [200, 203, 206])
def test_the_page_is_the_page(status):
    check_status(exchange("http://h.test/", b"", status))


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_a_final_answer_is_not_asked_again(status):
    with pytest.raises(PageGone, match=str(status)):
        check_status(exchange("http://h.test/", b"", status))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_answer_is_worth_another_try(status):
    with pytest.raises(PageFailed, match=str(status)) as raised:
        check_status(exchange("http://h.test/", b"", status))
    assert not isinstance(raised.value, PageGone)


def test_the_last_try_does_without_the_pages_scripts():
    assert [attempt.scripts for attempt in ATTEMPTS] == [True, True, False]


@given(st.text(st.characters()))
def test_any_text_can_be_stored(text):
    kept = clean(text)
    assert "\0" not in kept
    assert kept.encode().decode() == kept
