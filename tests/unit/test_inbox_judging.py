"""What answers mean, in every language, and where the recipient's number stands."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.inbox.judging import judge, meanings, phrases
from services.notifier.inbox.letter import read
from services.notifier.inbox.quoting import own_words
from services.notifier.inbox.tickets import places, ticket
from services.notifier.masking import masked
from shared.events import AnswerKind

GOLDEN = Path(__file__).parents[1] / "golden"
ANSWERS = tomllib.loads((GOLDEN / "answers.toml").read_text(encoding="utf-8"))
DECIDING = {AnswerKind.REMOVED, AnswerKind.REFUSED, AnswerKind.COUNTER_NOTICE}


@pytest.mark.parametrize("language", ANSWERS)
def test_answers_as_abuse_desks_write_them(language):
    wrong = [
        (kind, judged.value, words)
        for kind, texts in ANSWERS[language].items()
        for words in texts
        if (judged := judge("", words, False, "")) != kind and (kind != "undecided" or judged in DECIDING)
    ]
    assert wrong == []


def test_our_own_notice_decides_nothing_even_where_its_quotation_is_not_seen():
    own = [file.read_text(encoding="utf-8") for file in sorted((GOLDEN / "notices").rglob("*.txt"))]
    assert own
    assert not any(meanings(text) & DECIDING for text in own)


@pytest.mark.parametrize(
    ("words", "automatic", "number", "kind"),
    [
        ("Thank you for your report.", False, "", "receipt"),
        ("Hello", True, "", "auto_reply"),
        ("Hello", True, "4711", "receipt"),
        ("I am out of the office until Monday.", False, "", "auto_reply"),
        ("We removed one.\n\nWe will not remove the other.", False, "", "unclear"),
        ("We have removed it. The poster disputes your notice.", False, "", "counter_notice"),
        ("Please provide the address of the page.", False, "", "question"),
        ("We have received it. If anything has been removed, we will write.", False, "", "receipt"),
        ("What is this about?", False, "", "unclear"),
        ("", False, "", "unclear"),
    ],
)
def test_what_is_not_clear_is_left_to_a_person(words, automatic, number, kind):
    assert judge("", words, automatic, number).value == kind


def test_each_kind_has_words_in_each_language():
    known = {kind.value for kind in AnswerKind} | {"hedges", "pending", "away"}
    for words in phrases().values():
        assert set(words) <= known
        assert all(phrases and all(phrase == phrase.casefold() for phrase in phrases) for phrases in words.values())


@pytest.mark.parametrize(
    ("subject", "text", "number"),
    [
        ("[abuse.host.test #48213] Re: HT-ABCDEFGH", "", "48213"),
        ("Re: notice [#4711]", "", "4711"),
        ("[ABUSE-99] Re: notice", "", "ABUSE-99"),
        ("Ticket ID: 2026-000123 received", "", "2026-000123"),
        ("문의번호: A-1029 접수", "", "A-1029"),
        ("", "Your request (88123) has been received", "88123"),
        ("", "Your case number is 100001.", "100001"),
        ("", "접수번호: 20260101-7", "20260101-7"),
        ("", "受付番号は A-77 です", "A-77"),
        ("", "工单号：55012", "55012"),
        ("Re: HT-ABCDEF23", "Reference number HT-ABCDEF23", ""),
        ("Re: notice", "Your case number will be sent.", ""),
    ],
)
def test_the_recipients_number_is_found(subject, text, number):
    mail = read(f"From: a@b.test\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode())
    assert ticket(mail, mail.text) == number


def test_a_ticket_header_speaks_first():
    assert ticket(read(b"X-RT-Ticket: abuse #17\r\nSubject: [#4]\r\n\r\nx"), "") == "abuse #17"


def test_patterns_have_one_group():
    assert {one.groups for one in (*places().subject, *places().body)} == {1}


@pytest.mark.parametrize(
    "below",
    [
        "> it has been removed",
        "On Mon, 1 Jan 2026, Centre wrote:\nit has been removed",
        "-----Original Message-----\nit has been removed",
        "2026년 1월 1일 (목), 센터님이 작성:\nit has been removed",
        "________________________________\nFrom: Centre\nit has been removed",
    ],
)
def test_what_is_quoted_is_not_said(below):
    assert own_words(f"We look at it.\n\n{below}") == "We look at it."


def test_an_answer_below_what_it_quotes_is_read():
    assert own_words("On Monday, the Centre wrote:\n\n> it is there\n> still\n\nIt was removed.") == "It was removed."


def test_our_own_lines_are_not_said_however_they_are_set():
    notice = "We ask you to confirm that the page has been removed\nand that copies have been deleted."
    text = "Hello,\n  | We ask you to confirm that the\n* page has been removed and that copies\nWe look at it."
    assert own_words(text, notice) == "Hello,\nWe look at it."


@given(st.text(max_size=300), st.text(max_size=300))
@settings(max_examples=50)
def test_reading_words_never_fails(text, notice):
    said = own_words(text, notice)
    assert len(said) <= len(text)
    judge(text, said, False, "")
    masked(text)


def test_persons_are_masked_and_numbers_of_tickets_stay():
    text = "Call Kim on 010-1234-5678 or +82 2 735 8994 (kim@host.test); ticket 20260101123456, 2026-01-01 10:00."
    assert masked(text) == ("Call Kim on [number] or [number] ([address]); ticket 20260101123456, 2026-01-01 10:00.")
    assert not re.search(r"\d{4}-\d{4}", masked("02-735-8994"))
