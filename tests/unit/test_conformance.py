"""What a subscriber's journal says about it."""

import json
import random

import pytest

from subscribers.conformance.judging import judge, read
from subscribers.conformance.script import NEW_WORD, TOPIC, script

SCRIPT = script(random.Random(7))
PLACED = [((TOPIC, 0, number), one.why) for number, one in enumerate(SCRIPT.odd)]


def sound() -> list[dict]:
    events = {one.id: one for one in SCRIPT.whole if one.id}
    lines = [{"id": id, "data": json.loads(events[id].value)} for ids in SCRIPT.order.values() for id in ids]
    return lines + [
        {"aside": why, "topic": place[0], "partition": place[1], "offset": place[2]} for place, why in PLACED
    ]


def judged(lines: list[dict]) -> list[str]:
    return judge(SCRIPT, read("".join(json.dumps(line) + "\n" for line in lines)), PLACED)


def test_a_sound_journal_is_no_problem() -> None:
    assert judged(sound()) == []


def with_old_words() -> list[dict]:
    return [json.loads(json.dumps(line).replace(NEW_WORD, "sent")) for line in sound()]


def swapped() -> list[dict]:
    first, second, *rest = sound()
    return [second, first, *rest]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (sound()[1:], "1 events were never handled"),
        ([sound()[0], *sound()], "1 events were handled more than once"),
        (swapped(), "1 cases were handled out of order"),
        (sound()[:-1], f"a record was passed over in silence ({PLACED[-1][1]}"),
        ([*sound(), {"aside": "?", "topic": TOPIC, "partition": 2, "offset": 7}], "a sound record was put aside"),
        ([*sound(), {"id": "7", "data": {}}], "1 events were handled that never came"),
        (with_old_words(), f"the word {NEW_WORD!r}, which is new, did not come through"),
        ([*sound(), {"handled": "7"}], "of the journal is unreadable"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_else_is(lines, sentence) -> None:
    (problem,) = judged(lines)
    assert sentence in problem
    assert ": " in problem, "a cure follows"


@pytest.mark.parametrize("seed", range(20))
def test_every_script_has_what_a_consumer_must_bear(seed) -> None:
    one = script(random.Random(seed))
    assert len(one.odd) == 5
    assert len({record.why for record in one.odd}) == 5
    ids = [record.id for record in one.whole if record.id]
    assert len(ids) > len(set(ids)), "some come twice"
    for key, order in one.order.items():
        states = [json.loads(r.value)["state"] for id in order for r in one.whole if r.id == id][:1]
        assert states == ["flagged"], key
    for part in (one.first, one.second):
        assert any(record.id is None for record in part)
        assert part[-1].id, "something sound comes after poison"
