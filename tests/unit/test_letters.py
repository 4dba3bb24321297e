"""Dead letters as their topic tells of them; what a person is shown of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.dead_letters.choosing import Wanted, case_of
from haetae.dead_letters.showing import redacted, whole
from haetae.doctor.diagnosis import State
from haetae.doctor.parked import judge
from shared.bus.dead_letters import dead_letter
from shared.bus.letters import End, Letter, before, folded
from shared.bus.port import Partition, Received, Record
from shared.failures import Rejected

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = "the lantern parcel waits at gate seven"


def received(record: Record, offset: int) -> Received:
    at = Partition(record.topic, 0)
    return Received(record.topic, record.key, record.value, record.headers, partition=at, offset=offset)


def parked(offset: int, key: bytes = b"k", topic: str = "conversation.observed", said: str = "never") -> Received:
    value = json.dumps({"case_id": str(uuid4()), "kind": "open", "text": WORDS, "turns": [{"words": WORDS}]}).encode()
    origin = received(Record(topic, key, value, {"ce_id": b"1", "ce_type": b"t.v1"}), 40 + offset)
    return received(dead_letter(origin, Rejected(said), 2, "classifier", NOW), offset)


def test_a_letter_gives_back_what_came() -> None:
    (letter,) = folded([parked(3)])
    assert (letter.name, letter.service, letter.attempts, letter.parked_at) == (
        "conversation.observed/3",
        "classifier",
        "2",
        NOW,
    )
    back = letter.original()
    assert (back.topic, back.key, back.headers) == ("conversation.observed", b"k", {"ce_id": b"1", "ce_type": b"t.v1"})


def test_an_end_is_a_record_behind_its_letter() -> None:
    first, second = folded([parked(0), parked(1)])
    end = received(first.end(End.REPLAYED, "somebody", NOW), 2)
    assert [one.ended for one in folded([first.record, second.record, end])] == [End.REPLAYED, None]
    assert folded([end]) == []  # its letter is no longer kept


@given(st.dictionaries(st.sampled_from(["dead_end", "dead_letter", "dead_at", "ce_type"]), st.binary()))
def test_whatever_lies_there_is_read(headers: dict[str, bytes]) -> None:
    for letter in folded([received(Record("a.dead", b"", b"\xff", headers), 0)]):
        assert not letter.ended
        whole(letter, values=False)
        case_of(letter)


def test_a_later_letter_of_the_same_key_waits_for_the_older() -> None:
    letters = folded([parked(0, b"a"), parked(1, b"b"), parked(2, b"a")])
    assert before(letters, letters) == {}
    assert {name: one.name for name, one in before(letters, letters[2:]).items()} == {
        "conversation.observed/2": "conversation.observed/0"
    }
    ended = [Letter(letters[0].record, End.DISCARDED), *letters[1:]]
    assert before(ended, letters[2:]) == {}


def test_words_are_not_shown_unless_they_are_asked_for() -> None:
    (letter,) = folded([parked(0, said=f"turn {WORDS!r} is too long")])
    shown = json.dumps(whole(letter, values=False))
    assert WORDS not in shown
    assert '"kind": "open"' in shown
    assert f"({len(WORDS)} characters)" in shown
    assert WORDS in json.dumps(whole(letter, values=True))


def test_the_shape_stays_and_ids_do() -> None:
    told = {"case_id": "c", "at": WORDS, "seen_at": "2026", "count": 3, "tags": [WORDS], "more": {"language": "ko"}}
    length = f"({len(WORDS)} characters)"
    assert redacted(told) == told | {"at": length, "tags": [length]}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), True),
        (Wanted(topic="content.found"), False),
        (Wanted(service="classifier", type="t.v1", reason="NEVER"), True),
        (Wanted(reason="other"), False),
        (Wanted(since=datetime(2026, 11, 24, tzinfo=UTC)), False),
        (Wanted(names=frozenset({"conversation.observed/0"})), True),
        (Wanted(case=uuid4()), False),
    ],
)
def test_letters_are_chosen(wanted: Wanted, found: bool) -> None:
    (letter,) = folded([parked(0)])
    assert wanted(letter) is found
    assert not wanted(Letter(letter.record, End.REPLAYED))


def test_the_doctor_tells_of_letters_that_wait() -> None:
    letters = folded([parked(0), parked(1), parked(0, topic="content.found")])
    assert "3 wait for a person (2 of conversation.observed, 1 of content.found)" in judge(letters).said
    assert judge([Letter(one.record, End.REPLAYED) for one in letters]).state is State.OK


def test_a_case_is_known_by_its_event_or_its_key() -> None:
    (letter,) = folded([parked(0)])
    assert Wanted(case=case_of(letter))(letter)
    case = uuid4()
    undecodable = received(Record("a.dead", str(case).encode(), b"{", {}), 0)
    assert case_of(Letter(undecodable)) == case
