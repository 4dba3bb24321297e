"""A notice cut into pieces: nothing is lost, what proves a demand and what is locked is found; alarms by name."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.alarms import raised, unattended
from services.gateway.notices.proofs import cut, merged, pieces
from services.gateway.notices.rows import Held
from services.gateway.plainly import plainly
from services.gateway.projections import apply
from services.gateway.store import Case
from shared.events import CasePlanned, NoticeBounced, PlannedStep
from shared.events.examples import CASE, EXAMPLES, NOTICE, T0
from shared.events.values import Requirement
from tests.support.gateway import Story
from tests.support.ladders import DIGEST, SENTENCES, written

WORDS = st.text(st.sampled_from("ab \n가http://x"), max_size=30)


@given(st.text(max_size=80), st.lists(WORDS, max_size=6), WORDS)
@settings(max_examples=60)
def test_the_pieces_are_the_text(text: str, proving: list[str], citation: str) -> None:
    requirements = [Requirement(field="f", source="s", satisfied_by=words) for words in proving]
    made = cut(text, requirements, citation)
    assert "".join(piece.text for piece in made) == text
    begun = [number for piece in made for number in piece.begins]
    found = [n for n, words in enumerate(proving) if words.strip() and words.strip() in text]
    assert sorted(begun) == found
    for number in found:
        assert "".join(piece.text for piece in made if number in piece.proves) == proving[number].strip()


def test_addresses_digests_dates_and_references_are_locked_and_nothing_else() -> None:
    notice = written(Story.of(), "lighthouse-host", "th")
    locked = [piece.text for piece in pieces(notice) if piece.locked]
    assert locked == ["http://harbour-board.en.test/post/41", "HT-FNZM7SM5", DIGEST, "2026-11-22 08:59:58 UTC"]
    assert [piece.text for piece in pieces(notice) if 0 in piece.proves] == [SENTENCES["th"]]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: (min(pair), max(pair))), max_size=8))
@settings(max_examples=60)
def test_merged_places_cover_the_same_and_do_not_touch(spans: list[tuple[int, int]]) -> None:
    whole = merged(spans)
    assert all(one[1] < other[0] for one, other in pairwise(whole))
    assert {at for start, end in whole for at in range(start, end)} == {
        at for start, end in spans for at in range(start, end)
    }


def test_what_moves_or_hides_words_is_named_and_scripts_stay() -> None:
    assert plainly("a\u202eb\u2066c\u200bd\x00e\ufeff") == "a[U+202E]b[U+2066]c[U+200B]d[U+0000]e[U+FEFF]"
    assert plainly("a\r\nb\rc\td") == "a\nb\nc\td"
    for sentence in SENTENCES.values():
        assert plainly(sentence) == sentence
    assert plainly("می\u200cخواهم") == "می\u200cخواهم"  # a joiner that Persian is spelled with


def alarming(*steps: PlannedStep, revision: int) -> CasePlanned:
    return CasePlanned(case_id=CASE, revision=revision, steps=steps, planned_at=T0)


def test_an_alarm_that_was_seen_to_is_silent_until_it_is_another_one() -> None:
    held = Held(Case(case_id=CASE))
    question = PlannedStep(what="alarm", at=T0, why="question", notice_id=NOTICE.notice_id)
    apply(held, alarming(question, revision=1))
    held.case.attended = [one.key for one in raised(held)]
    assert unattended(held) == []
    apply(held, alarming(question, revision=2))
    assert unattended(held) == []
    apply(held, alarming(question.model_copy(update={"at": T0 + timedelta(hours=1)}), revision=3))
    assert [one.alarm for one in unattended(held)] == ["question"]


def test_a_notice_that_came_back_is_one_alarm_whoever_tells_it() -> None:
    held = Held(Case(case_id=CASE))
    bounced = PlannedStep(what="alarm", at=T0 + timedelta(hours=1), why="bounced", notice_id=NOTICE.notice_id)
    apply(held, EXAMPLES[NoticeBounced])
    apply(held, alarming(bounced, PlannedStep(what="alarm", at=T0, why="of a newer notifier"), revision=1))
    assert [one.alarm for one in raised(held)] == ["bounced", "attention"]
