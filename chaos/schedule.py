"""What goes wrong and when: the same seed and length give the same schedule. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from random import Random

from deploy.local.part import PARTS
from services import SERVICES

# Where a service dies between two steps. Of a transaction: begun, its handler through, before COMMIT, after it. Of the
# broker: before records are produced, after; before offsets are committed, after. `chaos.entry` passes each.
POINTS = ("begun", "handled", "committing", "committed", "producing", "produced", "offsetting", "offset")


class Kind(StrEnum):
    KILL = "kill"
    POINT = "failpoint"
    FREEZE = "freeze"
    CLOCK = "clock jump"
    RESTART = "server killed"
    OUTAGE = "outage"
    DISK = "disk full"
    REFUSED = "mail refused"
    UNANSWERED = "mail taken, reply lost"
    POISON = "unreadable records"


@dataclass(frozen=True)
class Fault:
    """`at_s`: seconds after the beginning. `seconds`: how long it lasts, 0 for what happens at once. `detail`: the
    point of a failpoint, the seconds of a clock's jump, how many mails."""

    at_s: float
    kind: Kind
    target: str
    seconds: float = 0.0
    detail: str = ""

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.0f} s" if self.seconds else ""
        return f"{self.at_s:6.1f} s  {self.kind} {self.target}{lasting}{f' ({self.detail})' if self.detail else ''}"


ROUND_S = 16.0  # each service in each: killed, stopped between two steps, standing still, or with a wrong clock
SLOT_S = 14.0  # one server or mail day after another, so that what follows is known to be of this one
FROZEN_S = 11.0  # longer than a session of the broker: whoever stood still is another's by then
JUMPS_S = (-120.0, 120.0)
OUTAGE_S, FULL_S = 6.0, 5.0
WRITERS = ("postgres", "s3", "evidence")  # whose disk is full
MAILS = 3


def schedule(seed: int, seconds: float) -> tuple[Fault, ...]:
    """In order of time. Raises `ValueError` for less than a round."""
    if seconds < ROUND_S:
        raise ValueError(f"seconds: {seconds:.0f} is too short, give at least {ROUND_S:.0f}")
    chance = Random(f"chaos/{seed}")
    return tuple(sorted([*_of_services(chance, seconds), *_of_servers(chance, seconds)], key=lambda one: one.at_s))


def _of_services(chance: Random, seconds: float) -> Iterator[Fault]:
    """One after the other, in the same order in each round, so that each has as long until its next turn."""
    turns = chance.sample(SERVICES, len(SERVICES))
    order = chance.sample(turns, len(turns))
    still, dying = cycle(order), cycle(order[1:] + order[:1])  # another one than stands still
    points, apart = cycle(chance.sample(POINTS, len(POINTS))), ROUND_S / len(turns)
    for number in range(int(seconds / ROUND_S)):
        stander, dies = next(still), next(dying)
        for turn, service in enumerate(turns):
            at = round(number * ROUND_S + turn * apart + chance.uniform(0, apart / 2), 1)
            if service == stander and (number + number // len(turns)) % 2:
                yield Fault(at, Kind.CLOCK, service, FROZEN_S, f"{chance.choice(JUMPS_S):+.0f} s")
            elif service == stander:
                yield Fault(at, Kind.FREEZE, service, FROZEN_S)
            elif service == dies:
                yield Fault(at, Kind.POINT, service, 0.0, next(points))
            else:
                yield Fault(at, Kind.KILL, service)


def _of_servers(chance: Random, seconds: float) -> Iterator[Fault]:
    kinds = [
        *(Fault(0, Kind.RESTART, part) for part in PARTS),
        *(Fault(0, Kind.OUTAGE, part, OUTAGE_S) for part in PARTS),
        *(Fault(0, Kind.DISK, writer, FULL_S) for writer in WRITERS),
        Fault(0, Kind.REFUSED, "mail", 0.0, str(MAILS)),
        Fault(0, Kind.UNANSWERED, "mail", 0.0, str(MAILS)),
        Fault(0, Kind.POISON, "kafka"),
    ]
    order: list[Fault] = []
    for number in range(int(seconds / SLOT_S)):
        order = order or chance.sample(kinds, len(kinds))
        one = order.pop()
        yield Fault(round(number * SLOT_S + 3.0, 1), one.kind, one.target, one.seconds, one.detail)
