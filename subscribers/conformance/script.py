"""The stream that a consumer is tried with: pure, the same for one seed."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from shared.events import CaseChanged
from shared.events.envelope import Envelope

STATES = ("flagged", "sealed", "drafted", "sent", "removed")
CASES = 12
SPACE = UUID("7b0c8f8e-3c49-5b0e-9b1c-2f5b8f0f3a11")  # of the ids of a script
BEGUN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TOPIC = CaseChanged.topic.name
NEW_WORD = "archived"


@dataclass(frozen=True)
class Sent:
    """A record. `id`: of an event that has to be handled, once; None for what has to be put aside, for `why`."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]
    id: str | None
    why: str = ""


@dataclass(frozen=True)
class Script:
    """`first` is published before the consumer is killed, `second` while it comes back, `third` while it is away."""

    first: list[Sent]
    second: list[Sent]
    third: list[Sent]

    @property
    def whole(self) -> list[Sent]:
        return [*self.first, *self.second, *self.third]

    @property
    def order(self) -> dict[str, list[str]]:
        """Of each case: the ids in the order in which they are to be handled."""
        order: dict[str, dict[str, None]] = {}
        for one in self.whole:
            if one.id and one.key is not None:
                order.setdefault(one.key.decode(), {})[one.id] = None
        return {key: list(ids) for key, ids in order.items()}

    @property
    def odd(self) -> list[Sent]:
        return [one for one in self.whole if one.id is None]


def script(dice: random.Random) -> Script:
    thirds: list[list[Sent]] = [[], [], []]
    for case in range(CASES):
        for number, state in enumerate(STATES):
            thirds[min(number // 2, 2)].append(event(case, number, state))
    mixed = [_interleaved(some, dice) for some in thirds]
    for some in mixed:
        for again in dice.sample(some, 4):  # the publisher tried again, at once or later
            some.insert(dice.randint(some.index(again) + 1, len(some)), again)
    # Poison in the middle: what comes after it on its partition has to be handled.
    for place, odd in enumerate(_odd()):
        some = mixed[place % 2]
        some.insert(dice.randint(1, len(some) - 2), odd)
    mixed[2] += dice.sample([one for one in mixed[0] if one.id], 6)  # long after
    return Script(*mixed)


def event(case: int, number: int, state: str) -> Sent:
    """Every fifth has a field that no schema names yet, every last but one a word that no list names yet."""
    changed = CaseChanged(
        case_id=uuid5(SPACE, f"case {case}"),
        state=NEW_WORD if (case, number) == (3, 3) else state,
        category="known_content",
        country="KR",
        changed_at=BEGUN + timedelta(seconds=case + 100 * number),
    )
    envelope = Envelope(changed, uuid5(SPACE, f"{case} {number}"), "/haetae/gateway", changed.changed_at)
    value = envelope.value
    if (case + number) % 5 == 0:
        value = json.dumps({**json.loads(value), "rounds": number, "origin": {"kind": "later"}}).encode()
    return Sent(envelope.key, value, envelope.headers, str(envelope.id))


def _odd() -> list[Sent]:
    plain = event(0, 0, "found")
    return [
        Sent(plain.key, b'{"reason": "aged"}', _of(plain, b"odd-1", b"case.archived.v1"), None, "its type is unknown"),
        Sent(plain.key, plain.value, _of(plain, b"odd-2", b"case.changed.v2"), None, "its major version is unknown"),
        Sent(plain.key, b"\xff\x00{", _of(plain, b"odd-3"), None, "its value is no JSON"),
        Sent(plain.key, plain.value, {}, None, "it has no attributes of a CloudEvent"),
        Sent(plain.key, None, _of(plain, b"odd-5"), None, "it has no value"),
    ]


def _of(plain: Sent, name: bytes, type: bytes | None = None) -> dict[str, bytes]:
    id = str(uuid5(SPACE, name.decode())).encode()
    return {**plain.headers, "ce_id": id, **({"ce_type": type} if type else {})}


def _interleaved(events: list[Sent], dice: random.Random) -> list[Sent]:
    """Cases mixed, each in its own order."""
    waiting: dict[bytes | None, list[Sent]] = {}
    for one in events:
        waiting.setdefault(one.key, []).append(one)
    mixed = []
    while waiting:
        key = dice.choice(sorted(waiting, key=lambda key: key or b""))
        mixed.append(waiting[key].pop(0))
        if not waiting[key]:
            del waiting[key]
    return mixed
