"""When a counsellor is told, and of what. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.classifier.conversations.course import REACHED, CueTurn, Step, course
from services.classifier.conversations.progress import HALF_LIFE_S
from services.classifier.conversations.risk import RiskModel, Thresholds
from services.classifier.conversations.stages import STAGES, Stage

MOST_OF_A_STAGE = 5  # turns that an alert tells: whoever reads them looks at the strongest first


@dataclass(frozen=True)
class Told:
    """A turn that led to an alarm, and the stage that it stands for."""

    turn: CueTurn
    stage: Stage
    weight: float


@dataclass(frozen=True)
class Alarm:
    """`speaker` has reached `stage`. `turns`: in their order, the last one is the one that justifies it."""

    speaker: str
    stage: Stage
    risk: float
    turns: tuple[Told, ...]


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands: the risk of the speaker for whom it is highest, after the last turn with a cue."""

    risk: float
    stage: Stage | None
    speaker: str
    alarms: tuple[Alarm, ...]
    step: Step | None


CALM = Standing(0.0, None, "", (), None)


def stand(turns: Sequence[CueTurn], model: RiskModel) -> Standing:
    """`turns`: in their order. Alarms by the moment of their last turn."""
    standing, alarms = CALM, list[Alarm]()
    for speaker, steps in course(turns).items():
        risks = model.risks([step.known for step in steps])
        alarms += _alarms(speaker, steps, risks, model.thresholds)
        if risks[-1] > standing.risk:
            standing = Standing(risks[-1], steps[-1].reached, speaker, (), steps[-1])
    alarms.sort(key=lambda alarm: alarm.turns[-1].turn.at)
    return Standing(standing.risk, standing.stage, standing.speaker, tuple(alarms), standing.step)


def faded(risk: float, seconds: float) -> float:
    """The risk after so long a silence."""
    return risk * math.exp2(-max(0.0, seconds) / HALF_LIFE_S)


def _alarms(speaker: str, steps: Sequence[Step], risks: Sequence[float], thresholds: Thresholds) -> Iterator[Alarm]:
    """One for each stage that is reached while the alarm is on. It goes on at `alert` and stays on, also where the risk
    falls a little, until it is below `clear`: an alarm that flickers would be switched off by whoever hears it."""
    on, told = False, -1
    for place, (step, risk) in enumerate(zip(steps, risks, strict=True)):
        before = faded(risks[place - 1], step.turn.at - steps[place - 1].turn.at) if place else 0.0
        if on and max(before, risk) < thresholds.clear:
            on = False
        on = on or risk >= thresholds.alert
        if on and step.reached and (reached := STAGES.index(step.reached)) > told:
            told = reached
            yield Alarm(speaker, step.reached, risk, _led([step.turn for step in steps[: place + 1]]))


def _led(turns: Sequence[CueTurn]) -> tuple[Told, ...]:
    """The strongest turns of each stage, and the last turn."""
    said = [_strongest(turn) for turn in turns]
    kept = {said[-1].turn.turn_id}
    for stage in STAGES:
        clear = [told for told in said if told.stage is stage and told.weight >= REACHED]
        clear.sort(key=lambda told: told.weight, reverse=True)
        kept |= {told.turn.turn_id for told in clear[:MOST_OF_A_STAGE]}
    return tuple(told for told in said if told.turn.turn_id in kept)


def _strongest(turn: CueTurn) -> Told:
    best = max(range(len(STAGES)), key=lambda k: turn.stages[k])
    return Told(turn, STAGES[best], turn.stages[best])
