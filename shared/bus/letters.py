"""Dead letters as they lie in their topics, and how each ended.

A topic of dead letters (`<topic>.dead`) is its own ledger: that a letter was put back or given up is a record without
value behind it, which names it. Nothing of a letter is changed; the broker's retention removes both.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.bus.dead_letters import DEAD_SUFFIX
from shared.bus.port import Partition, Received, Record

MARK = "dead_"  # begins the headers that parking added
NAME = re.compile(r"(?P<topic>[a-z0-9._-]+)/(?:(?P<partition>\d+):)?(?P<offset>\d+)")


class End(StrEnum):
    REPLAYED = "replayed"  # put back into its topic, as it came
    DISCARDED = "discarded"


@dataclass(frozen=True)
class Letter:
    """`topic`, `record.key`, `record.value`: of the record that could not be handled. `parked_at` and `service` are
    empty in letters of older versions."""

    record: Received
    ended: End | None = None

    @property
    def topic(self) -> str:
        return self.record.topic.removesuffix(DEAD_SUFFIX)

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        _, number = self.record.partition
        return f"{self.topic}/{f'{number}:' if number else ''}{self.record.offset}"

    @property
    def service(self) -> str:
        return self.header("dead_service")

    @property
    def error(self) -> str:
        return self.header("dead_error")

    @property
    def attempts(self) -> str:
        return self.header("dead_attempts")

    @property
    def type(self) -> str:
        return self.header("ce_type")

    @property
    def parked_at(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.header("dead_at"))
        except ValueError:
            return None

    def header(self, name: str) -> str:
        return self.record.headers.get(name, b"").decode(errors="replace")

    def original(self) -> Record:
        """The record as it came: same key, value, id. Whoever handled it before knows it by that id."""
        headers = {name: value for name, value in self.record.headers.items() if not name.startswith(MARK)}
        return Record(self.topic, self.record.key, self.record.value, headers)

    def end(self, how: End, by: str, at: datetime) -> Record:
        """What says that the letter has ended so."""
        told = {"end": how.value, "letter": self.name, "by": by, "end_at": at.isoformat()}
        return Record(
            self.record.topic, self.record.key, None, {MARK + name: text.encode() for name, text in told.items()}
        )


def folded(records: Iterable[Received]) -> list[Letter]:
    """The letters among the records of topics of dead letters, in their order, each with its end. Pure."""
    letters: dict[tuple[Partition, int], Letter] = {}
    for record in records:
        if how := record.headers.get(f"{MARK}end"):
            named = _place(record.headers.get(f"{MARK}letter", b"").decode(errors="replace"))
            if named in letters and how.decode() in list(End):
                letters[named] = Letter(letters[named].record, End(how.decode()))
        else:
            letters[record.partition, record.offset] = Letter(record)
    return list(letters.values())


def _place(name: str) -> tuple[Partition, int] | None:
    found = NAME.fullmatch(name)
    if found is None:
        return None
    return Partition(found["topic"] + DEAD_SUFFIX, int(found["partition"] or 0)), int(found["offset"])


def before(letters: Sequence[Letter], chosen: Sequence[Letter]) -> Mapping[str, Letter]:
    """By the name of a chosen letter, an older one of the same service, topic and key that waits and is not chosen: to
    put the later back alone would change their order."""
    found: dict[str, Letter] = {}
    names = {one.name for one in chosen}
    waiting: dict[tuple[str, str, bytes], Letter] = {}
    for one in letters:
        lane = (one.service, one.topic, one.record.key)
        if one.name in names and lane in waiting:
            found[one.name] = waiting[lane]
        elif one.ended is None and one.name not in names:
            waiting.setdefault(lane, one)
    return found
