"""A conversation's course: at each turn with a cue, what is known of its speaker, as numbers for the risk. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.classifier.conversations.progress import FEATURES, Progress, Stages
from services.classifier.conversations.stages import STAGES, Stage

INPUTS = (*FEATURES, *(f"now_{stage}" for stage in STAGES), "pause")
REACHED = 0.5  # what a stage's strongest turn weighs at least, for the stage to count as reached
LONG_PAUSE = 10.0  # log-seconds, about six hours: brings pauses to the scale of the others


@dataclass(frozen=True)
class CueTurn:
    """`at`: seconds since 1970. `stages`: what counts of each (`progress.weighed`)."""

    turn_id: str
    speaker: str
    at: float
    stages: Stages


@dataclass(frozen=True)
class Step:
    """`known`: the numbers of `INPUTS`. `reached`: the furthest stage so far, None while no turn is clear enough."""

    turn: CueTurn
    known: tuple[float, ...]
    reached: Stage | None


def course(turns: Sequence[CueTurn]) -> dict[str, list[Step]]:
    """By speaker. `turns` in their order; time that goes back stands still."""
    progress, steps = Progress(), dict[str, list[Step]]()
    for turn, at in zip(turns, _forward(turns), strict=True):
        former = steps.setdefault(turn.speaker, [])
        progress.hear(turn.speaker, at, turn.stages)
        known = (*progress.features(turn.speaker, at), *turn.stages, _pause(former, turn))
        former.append(Step(turn, known, _furthest(progress.sides[turn.speaker].most)))
    return steps


def _forward(turns: Sequence[CueTurn]) -> Iterator[float]:
    latest = -math.inf
    for turn in turns:
        latest = max(latest, turn.at)
        yield latest


def _pause(former: Sequence[Step], turn: CueTurn) -> float:
    return math.log1p(max(0.0, turn.at - former[-1].turn.at)) / LONG_PAUSE if former else 0.0


def _furthest(most: Sequence[float]) -> Stage | None:
    return next(
        (stage for stage, weight in zip(reversed(STAGES), reversed(most), strict=True) if weight >= REACHED), None
    )
