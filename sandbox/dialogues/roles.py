"""Who says which cues, in which order: one who escalates, and all the others who use the same cues and mean no harm."""

from collections.abc import Callable, Mapping
from random import Random

from services.classifier.conversations.stages import STAGES, Stage

Cues = list[tuple[int, Stage]]  # who (0 leads), which

CONTACT, TRUST, TESTING, ISOLATION, MOVING, MEETING = STAGES
ESCALATING = "escalating"
# How often one who escalates passes through each stage. Nobody follows the book: at least `FEWEST` of the six.
PASSES = {CONTACT: 0.85, TRUST: 0.9, TESTING: 0.75, ISOLATION: 0.85, MOVING: 0.8, MEETING: 0.85}
FEWEST = 4
SWAPPED = 0.15  # share of neighbours in the wrong order
MOST_OF_A_STAGE = 3


def escalating(rng: Random) -> Cues:
    """One side alone, in the stages' order but for a few swaps; praise comes back later."""
    while len(passed := [stage for stage in STAGES if rng.random() < PASSES[stage]]) < FEWEST:
        pass
    stages = [stage for stage in passed for _ in range(rng.randint(1, MOST_OF_A_STAGE))]
    for place in range(len(stages) - 1):
        if rng.random() < SWAPPED:
            stages[place], stages[place + 1] = stages[place + 1], stages[place]
    if rng.random() < 0.4:
        stages.insert(rng.randrange(len(stages) // 2, len(stages)), TRUST)
    return [(0, stage) for stage in stages]


def _mixed(rng: Random, counts: Mapping[Stage, tuple[int, int]]) -> list[Stage]:
    stages = [stage for stage, (least, most) in counts.items() for _ in range(rng.randint(least, most))]
    rng.shuffle(stages)
    return stages


def coach(rng: Random) -> Cues:
    """Calls to many trainings, praises; sometimes on the team's own board."""
    return [(0, s) for s in _mixed(rng, {CONTACT: (0, 1), TRUST: (1, 3), MOVING: (0, 1), MEETING: (2, 4)})]


def teacher(rng: Random) -> Cues:
    return [(0, s) for s in _mixed(rng, {TRUST: (1, 3), TESTING: (0, 1), MOVING: (1, 2), MEETING: (0, 1)})]


def relative(rng: Random) -> Cues:
    """Visits, presents, and a surprise that nobody is to hear of; both sides use the words."""
    stages = _mixed(rng, {TRUST: (1, 3), ISOLATION: (0, 2), MEETING: (1, 3)})
    return [(0 if rng.random() < 0.7 else 1, stage) for stage in stages]


def friends(rng: Random) -> Cues:
    """Everything, but from both sides and as it comes."""
    sides = [(who, stage) for who in (0, 1) for stage in rng.sample(STAGES, rng.randint(2, 5))]
    rng.shuffle(sides)
    return sides


def trader(rng: Random) -> Cues:
    """Asks, goes on elsewhere, hands the thing over: in order, but without what makes it harmful."""
    return [(0, CONTACT), *[(0, MOVING)] * rng.randint(0, 1), *[(0, MEETING)] * rng.randint(1, 2)]


def club(rng: Random) -> Cues:
    """Many people, a cue or two from each."""
    return [(who, rng.choice(STAGES)) for who in range(6) for _ in range(rng.randint(0, 2))]


def backwards(rng: Random) -> Cues:
    """One side, most of the cues, from the meeting back to the acquaintance: whoever knows one another already."""
    return [(who, stage) for who, stage in reversed(escalating(rng))]


def passing(rng: Random) -> Cues:
    return [(0, rng.choice(STAGES)) for _ in range(rng.randint(0, 2))]


def neighbour(rng: Random) -> Cues:
    """Keys, a favour and a visit. Only unseen dialogues have one."""
    return [
        (0, s)
        for s in _mixed(rng, {TRUST: (0, 1), TESTING: (1, 2), ISOLATION: (0, 1), MOVING: (0, 1), MEETING: (1, 1)})
    ]


HARMLESS: Mapping[str, Callable[[Random], Cues]] = {
    "coach": coach, "teacher": teacher, "relative": relative, "friends": friends, "trader": trader, "club": club,
    "backwards": backwards, "passing": passing,
}  # fmt: skip
UNSEEN_ONLY: Mapping[str, Callable[[Random], Cues]] = {"neighbour": neighbour}
