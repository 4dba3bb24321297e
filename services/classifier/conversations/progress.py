"""How far each speaker of a conversation has gone: what was said, in which order, by one side or by both. Pure.

Only turns with a cue change anything, so a long conversation costs what its cues cost.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.classifier.conversations.stages import STAGES

Stages = tuple[float, ...]  # of one turn: the weight of each stage, in the order of STAGES, 0 to 1

ALL = range(len(STAGES))
NOTHING: Stages = (0.0,) * len(STAGES)
# What a turn's probability of a stage must exceed to count; below it lies the noise of harmless small talk, which
# would add up over a hundred turns.
QUIET = 0.3
# What was said counts half after so long. A proposal, not measured: a season without a cue should be nearly forgotten.
HALF_LIFE_S = 21 * 24 * 3600.0
MOST_REPEATED = 4.0  # turns of a stage: what is said oftener says nothing more

FEATURES = (
    *(f"said_{stage}" for stage in STAGES),
    *(f"repeated_{stage}" for stage in STAGES),
    *(f"answered_{stage}" for stage in STAGES),
    "in_order", "against_order", "escalation", "kinds", "one_sided", "one_sided_escalation",
)  # fmt: skip


def weighed(probabilities: Sequence[float]) -> Stages:
    """What counts of a turn's stage probabilities: nothing below `QUIET`, from there straight up to 1."""
    return tuple(max(0.0, p - QUIET) / (1 - QUIET) for p in probabilities)


@dataclass
class Side:
    """One speaker. `most`: the strongest turn of each stage; `mass`: all of them together. `rising`, `falling`: the
    weight of the best run of turns that ends in each stage, each stage once, in the stages' order or against it."""

    at: float = 0.0
    most: list[float] = field(default_factory=lambda: list(NOTHING))
    mass: list[float] = field(default_factory=lambda: list(NOTHING))
    rising: list[float] = field(default_factory=lambda: list(NOTHING))
    falling: list[float] = field(default_factory=lambda: list(NOTHING))

    def fade(self, at: float) -> None:
        """To the moment `at`, in seconds; time does not go back."""
        if at <= self.at:
            return
        kept = math.exp2((self.at - at) / HALF_LIFE_S)
        for sums in (self.most, self.mass, self.rising, self.falling):
            sums[:] = [kept * value for value in sums]
        self.at = at

    def say(self, stages: Stages) -> None:
        before, after = list(self.rising), list(self.falling)
        for k in ALL:
            if weight := stages[k]:
                self.most[k] = max(self.most[k], weight)
                self.mass[k] += weight
                self.rising[k] = max(self.rising[k], weight + max(before[:k], default=0.0))
                self.falling[k] = max(self.falling[k], weight + max(after[k + 1 :], default=0.0))


class Progress:
    """The sides of one conversation. Turns are heard in their order; `features` describes a speaker at a moment."""

    def __init__(self) -> None:
        self.sides: dict[str, Side] = {}

    def hear(self, speaker: str, at: float, stages: Stages) -> None:
        """`at`: seconds of any clock."""
        side = self.sides.setdefault(speaker, Side(at))
        side.fade(at)
        side.say(stages)

    def features(self, speaker: str, at: float) -> list[float]:
        """The numbers of `FEATURES`, none of them negative but `escalation`."""
        side = self.sides[speaker]
        side.fade(at)
        others = self._others(speaker, at)
        rising, falling, kinds = max(side.rising), max(side.falling), sum(side.most)
        one_sided = sum(max(0.0, side.most[k] - others[k]) for k in ALL)
        alone = one_sided / kinds if kinds else 0.0
        return [
            *side.most,
            *(min(mass, MOST_REPEATED) / MOST_REPEATED for mass in side.mass),
            *others,
            rising, falling, rising - falling, kinds, one_sided, max(0.0, rising - falling) * alone,
        ]  # fmt: skip

    def _others(self, speaker: str, at: float) -> list[float]:
        """The strongest turn of each stage that anybody else said."""
        most = list(NOTHING)
        for name, side in self.sides.items():
            if name != speaker:
                side.fade(at)
                most = [max(pair) for pair in zip(most, side.most, strict=True)]
        return most
