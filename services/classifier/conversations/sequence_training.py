"""Trains the risk: from the stages of turns to whether their speaker is going through them with harm in mind."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from services.classifier.conversations.course import INPUTS, CueTurn, course
from services.classifier.conversations.examples import LabelledConversation
from services.classifier.conversations.progress import weighed
from services.classifier.conversations.risk import Floats, Recurrent, RiskModel, Sum, Thresholds
from services.classifier.conversations.stages import Stage

EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 12, 64, 0.01, 0.02
VALIDATION_SHARE = 0.65  # thresholds are quantiles of its harmless conversations: there must be many
# The third cue justifies an alarm: one greets everybody, two may be chance. The target rises around it.
JUSTIFIED_BY, RISING_OVER = 3, 2.0  # cues, turns
# Share of harmless validation conversations that may raise an alarm, or be shown for a look. What is wanted is an alarm
# in a hundred; where a third of the training phrasing was held out of everything, twice as many came as here.
ALERTED, WATCHED = 0.005, 0.04


@dataclass(frozen=True)
class Course:
    """One speaker's steps, and how far each justifies an alarm (0 to 1)."""

    known: Floats
    wanted: Floats


def train_risk(
    conversations: Sequence[LabelledConversation], probabilities: Mapping[str, Sequence[float]], rng: Random
) -> tuple[RiskModel, RiskModel]:
    """The network with its thresholds, and the sum alone with its own. `probabilities`: of each text its stages."""
    shuffled = rng.sample(conversations, len(conversations))
    held_out = int(len(shuffled) * VALIDATION_SHARE)
    courses = [one for conversation in shuffled[held_out:] for one in _courses(conversation, probabilities)]
    readable, network = _fit_sum(courses), _fit_network(courses, rng)
    harmless = [
        [course.known.tolist() for course in _courses(one, probabilities)]
        for one in shuffled[:held_out]
        if not one.harmful
    ]
    nobody = Thresholds(1.0, 1.0, 1.0)
    with_network, alone = RiskModel(network, readable, nobody), RiskModel(None, readable, nobody)
    return (
        RiskModel(network, readable, _thresholds(with_network.risks, harmless)),
        RiskModel(None, readable, _thresholds(alone.risks, harmless)),
    )


def onset(conversation: LabelledConversation) -> int:
    """The place of the turn that justifies an alarm, in a harmful conversation."""
    said = [
        place for place, turn in enumerate(conversation.turns) if turn.stage and turn.speaker == conversation.leader
    ]
    return said[min(JUSTIFIED_BY, len(said)) - 1]


def cue_turns(conversation: LabelledConversation, probabilities: Mapping[str, Sequence[float]]) -> list[CueTurn]:
    """Those with a cue; each turn's id is its place."""
    found = []
    for place, turn in enumerate(conversation.turns):
        if any(stages := weighed(probabilities[turn.text])):
            found.append(CueTurn(str(place), turn.speaker, turn.at, stages))
    return found


def _courses(conversation: LabelledConversation, probabilities: Mapping[str, Sequence[float]]) -> list[Course]:
    justified = onset(conversation) if conversation.harmful else math.inf
    return [
        Course(
            np.array([step.known for step in steps], np.float32),
            np.array(
                [
                    _wanted(int(step.turn.turn_id), justified if speaker == conversation.leader else math.inf)
                    for step in steps
                ],
                np.float32,
            ),
        )
        for speaker, steps in course(cue_turns(conversation, probabilities)).items()
    ]


def _wanted(place: int, justified: float) -> float:
    return 0.0 if math.isinf(justified) else 1 / (1 + math.exp(min(50.0, (justified - place) / RISING_OVER)))


def _fit_sum(courses: Sequence[Course]) -> Sum:
    """Soft targets as two weighted examples each."""
    known, wanted = np.concatenate([one.known for one in courses]), np.concatenate([one.wanted for one in courses])
    mean, deviation = known.mean(0), known.std(0) + 1e-6
    rows, labels = np.tile((known - mean) / deviation, (2, 1)), np.repeat([1, 0], len(known))
    fitted = LogisticRegression(max_iter=500).fit(rows, labels, sample_weight=np.concatenate([wanted, 1 - wanted]))
    weight = (fitted.coef_[0] / deviation).astype(np.float32)
    return Sum(weight, float(fitted.intercept_[0] - mean @ weight))


def _fit_network(courses: Sequence[Course], rng: Random) -> Recurrent:
    torch.manual_seed(rng.randrange(2**31))
    known, wanted, real = _padded(courses)
    network = Recurrent()
    seen = torch.from_numpy(np.concatenate([one.known for one in courses]))
    network.mean, network.deviation = seen.mean(0), seen.std(0) + 1e-6
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * -(-len(courses) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        for few in torch.randperm(len(courses)).split(BATCH):
            longest = int(real[few].sum(1).max())
            logits = network(known[few, :longest])
            losses = nn.functional.binary_cross_entropy_with_logits(logits, wanted[few, :longest], reduction="none")
            loss = (losses * real[few, :longest]).sum() / real[few].sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()
    return network


def _padded(courses: Sequence[Course]) -> tuple[Tensor, Tensor, Tensor]:
    longest = max(len(one.wanted) for one in courses)
    known = torch.zeros(len(courses), longest, len(INPUTS))
    wanted, real = torch.zeros(len(courses), longest), torch.zeros(len(courses), longest)
    for place, one in enumerate(courses):
        length = len(one.wanted)
        known[place, :length], wanted[place, :length] = torch.from_numpy(one.known), torch.from_numpy(one.wanted)
        real[place, :length] = 1
    return known, wanted, real


def _thresholds(
    risks: Callable[[Sequence[Sequence[float]]], list[float]], harmless: Sequence[Sequence[Sequence[Sequence[float]]]]
) -> Thresholds:
    """`harmless`: of each conversation the steps of each speaker."""
    highest = [max((max(risks(steps)) for steps in speakers), default=0.0) for speakers in harmless]
    alert, watch = (float(np.quantile(highest, 1 - share)) for share in (ALERTED, WATCHED))
    return Thresholds(alert=alert, watch=min(watch, alert), clear=min(watch, alert) / 2)


def stage_of(probabilities: Sequence[float]) -> Stage | None:
    """The stage that a turn most likely stands for."""
    best = max(range(len(probabilities)), key=lambda k: probabilities[k])
    return tuple(Stage)[best] if probabilities[best] > 1 - sum(probabilities) else None
