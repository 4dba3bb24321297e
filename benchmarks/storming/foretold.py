"""What the simulation makes of a storm that was lived through, from what one process alone told of its work. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.nationwide.stage import Draw, Outcome, Stage, simulate
from benchmarks.storming.curve import Curve
from benchmarks.storming.findings import SEED, Plan
from deploy.scaling.scaler import Scaler

# Whoever holds partitions first finishes what is in hand (some 3 s), then all join: half a session (6 s) of the
# embedded broker. Meanwhile nobody begins anything.
REBALANCE_S = 6.0
# Of the one process's work, the part in which it always had enough to do and had settled down.
FROM, TO = 0.1, 0.8


@dataclass(frozen=True)
class Foretold:
    """`error`: of the drain time, as a share of the real one. `lag_error`: mean distance of the two curves of what is
    not sealed yet, as a share of the real one's peak."""

    drained_s: float
    error: float
    lag_error: float
    outcome: Outcome


def seconds_each(alone: Curve, at_once: int) -> float:
    """One record's time, where `at_once` were always in hand."""
    total = alone.moments[-1].done
    first = next(moment for moment in alone.moments if moment.done >= FROM * total)
    last = next(moment for moment in alone.moments if moment.done >= TO * total)
    return at_once * (last.at - first.at) / max(1, last.done - first.done)


def foretold(
    real: Curve, alone: Curve, plan: Plan, scaler: Scaler, partitions: int, at_once: int, speed: float
) -> Foretold:
    """Raises `StatisticsError` where no process was started meanwhile."""
    each = seconds_each(alone, at_once)
    start = max(0.0, median(real.starts_s) - REBALANCE_S)
    stage = Stage(scaler, "content.flagged", partitions, at_once, Draw(each, each), start, REBALANCE_S, speed)
    arrivals = [(at, number) for number, at in enumerate(plan.due)]
    outcome = simulate(stage, arrivals, random.Random(SEED), real.drained_s, lambda number: plan.places[number])
    drained = outcome.finished[-1][0]
    times = [at for at, _ in outcome.finished]
    return Foretold(drained, abs(drained - real.drained_s) / real.drained_s, _distance(real, plan.due, times), outcome)


def _distance(real: Curve, due: Sequence[float], finished: Sequence[float]) -> float:
    moments = [moment for moment in real.moments if moment.at <= real.drained_s]
    highest = max(moment.arrived - moment.done for moment in moments)
    apart = [
        abs((moment.arrived - moment.done) - (_until(due, moment.at) - _until(finished, moment.at)))
        for moment in moments
    ]
    return sum(apart) / len(apart) / max(1, highest)


def _until(times: Sequence[float], at: float) -> int:
    return sum(time <= at for time in times)
