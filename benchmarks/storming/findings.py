"""The storm's records: the same partitions and the same moments for each way of working it off."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID

from aiokafka.partitioner import DefaultPartitioner

from benchmarks.capturing.flagging import flagged
from benchmarks.storming.site import Site
from shared.bus.outlet import record_of
from shared.bus.port import Record
from shared.clock import Clock
from shared.events import ContentFlagged, Envelope
from shared.events.examples import EXAMPLES
from shared.identity import identity

SEED = 20


@dataclass(frozen=True)
class Plan:
    """`due`: seconds, in order; `places`: the partition of each."""

    due: Sequence[float]
    places: Sequence[int]


def plan(findings: int, within_s: float, partitions: int) -> Plan:
    source = random.Random(SEED)
    due = sorted(source.uniform(0, within_s) for _ in range(findings))
    return Plan(due, [source.randrange(partitions) for _ in due])


def records(plan: Plan, name: str, partitions: int, site: Site, clock: Clock) -> tuple[list[UUID], list[Record]]:
    """Cases and their records; `name` of the way keeps them apart."""
    example = EXAMPLES[ContentFlagged]
    assert isinstance(example, ContentFlagged)  # it is the catalogue's
    cases = [_case(name, number, place, partitions) for number, place in enumerate(plan.places)]
    now = clock.now()
    made = [
        record_of(
            Envelope(
                flagged(site.finding(number, example.finding), case),
                identity("storm", name, number),
                "/benchmark",
                now,
            )
        )
        for number, case in enumerate(cases)
    ]
    return cases, made


def _case(name: str, number: int, place: int, partitions: int) -> UUID:
    """The first whose key Kafka's own hash puts there."""
    every, hashed = list(range(partitions)), DefaultPartitioner()
    return next(
        case
        for case in (identity("storm", name, number, try_) for try_ in count())
        if hashed(str(case).encode(), every, every) == place
    )
