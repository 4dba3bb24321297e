"""found → judged → preserved → drafted: the stages one after another, each with what the last one finished. Pure."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.nationwide.load import DAY_S, Load
from benchmarks.nationwide.stage import Arrival, Outcome, Stage, simulate


@dataclass(frozen=True)
class Day:
    """`waits`: when a flagged finding was found, and how many seconds later its draft was there."""

    found: int
    flagged: int
    waits: Sequence[tuple[float, float]]
    stages: Mapping[str, Outcome]


def day(load: Load, stages: Sequence[Stage], hop_s: float, seed: int) -> Day:
    """`stages`: the first sees everything, the others what is flagged. `hop_s`: outbox and broker between two."""
    source = random.Random(seed)
    findings = list(load.arrivals(source))
    flagged = {number for number, (_, is_flagged) in enumerate(findings) if is_flagged}
    coming: Sequence[Arrival] = [(at + hop_s, number) for number, (at, _) in enumerate(findings)]
    outcomes = {}
    for stage in stages:
        outcome = outcomes[stage.scaler.service] = simulate(stage, coming, source, DAY_S)
        coming = [(at + hop_s, number) for at, number in outcome.finished if number in flagged]
    waits = sorted((findings[number][0], at - findings[number][0]) for at, number in coming)
    return Day(len(findings), len(flagged), waits, outcomes)
