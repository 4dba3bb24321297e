"""What a consumer's journal says about it: pure."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from subscribers.conformance.script import NEW_WORD, Script

Place = tuple[str, int, int]  # topic, partition, offset
SHOWN = 3  # of many alike, so many are named


@dataclass(frozen=True)
class Journal:
    """Lines of the file that a consumer writes: `handled` are (id, key, data), `aside` are places."""

    handled: list[tuple[str, object]]
    aside: list[Place]
    odd: list[str]

    @property
    def ids(self) -> set[str]:
        return {id for id, _ in self.handled}


def read(text: str) -> Journal:
    journal = Journal([], [], [])
    for number, line in enumerate(text.splitlines(), 1):
        try:
            told = json.loads(line)
            if "aside" in told:
                journal.aside.append((str(told["topic"]), int(told["partition"]), int(told["offset"])))
            else:
                journal.handled.append((str(told["id"]), told.get("data")))
        except (ValueError, TypeError, KeyError) as error:
            journal.odd.append(f"line {number} of the journal is unreadable ({error!r}): one JSON object a line")
    return journal


def judge(script: Script, journal: Journal, placed: Sequence[tuple[Place, str]]) -> list[str]:
    """What is wrong, each as a sentence with the cure. `placed`: where each record lies that is to be put aside, and
    what is odd about it."""
    return [
        *journal.odd,
        *_lost(script, journal),
        *_doubled(journal),
        *_disordered(script, journal),
        *_strange(script, journal, placed),
    ]


def _lost(script: Script, journal: Journal) -> list[str]:
    wanted = [id for ids in script.order.values() for id in ids]
    lost = [id for id in wanted if id not in journal.ids]
    return _named("events were never handled", lost, "commit an offset only after the event was handled")


def _doubled(journal: Journal) -> list[str]:
    twice = [id for id, times in Counter(id for id, _ in journal.handled).items() if times > 1]
    return _named("events were handled more than once", twice, "remember each `ce_id` together with what it did")


def _disordered(script: Script, journal: Journal) -> list[str]:
    first: dict[str, int] = {}
    for number, (id, _) in enumerate(journal.handled):
        first.setdefault(id, number)
    wrong = []
    for key, ids in script.order.items():
        came = sorted((id for id in ids if id in first), key=lambda id: first[id])
        if came != [id for id in ids if id in first]:
            wrong.append(key)
    return _named("cases were handled out of order", wrong, "handle the records of one partition one after another")


def _strange(script: Script, journal: Journal, placed: Sequence[tuple[Place, str]]) -> list[str]:
    found = []
    known = {id for ids in script.order.values() for id in ids}
    found += _named("events were handled that never came", sorted(journal.ids - known), "write the `ce_id` as it is")
    for place, why in placed:
        if place not in journal.aside:
            found.append(f"a record was passed over in silence ({why}, {_at(place)}): write a line with `aside`")
    for place in sorted(set(journal.aside) - {place for place, _ in placed}):
        found.append(f"a sound record was put aside ({_at(place)}): take fields and words that you do not know")
    words = [data["state"] for _, data in journal.handled if isinstance(data, dict) and "state" in data]
    if words and NEW_WORD not in words:
        found.append(f"the word {NEW_WORD!r}, which is new, did not come through: lists of words grow")
    return found


def _at(place: Place) -> str:
    return f"{place[0]}, partition {place[1]}, offset {place[2]}"


def _named(what: str, some: Sequence[str], cure: str) -> list[str]:
    if not some:
        return []
    more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
    return [f"{len(some)} {what} ({', '.join(some[:SHOWN])}{more}): {cure}"]
