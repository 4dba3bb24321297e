"""How good and how early alarms are. Places are of turns in their conversation, from 0.

A delay k is counted in turns from the first cue of whoever leads, that turn included: before it nothing can be known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from services.classifier.conversations.alarm import stand
from services.classifier.conversations.examples import LabelledConversation, texts_of
from services.classifier.conversations.model import ConversationModel
from services.classifier.conversations.sequence_training import cue_turns, onset, stage_of
from services.classifier.conversations.stages import STAGES, Stage

# Growth of the latency penalty, so that an alarm at the median length of these dialogues (50 turns) costs a fifth.
PENALTY = 0.0078
ERDE_AT = (5, 10, 50)

Alarmed = Sequence[tuple[LabelledConversation, int | None]]  # the place of the first alarm, None for none


@dataclass(frozen=True)
class Figures:
    """`erde`: by o, in percent, lower is better. `before_meeting`: share of harmful conversations alarmed before the
    first request to meet (all alarmed ones where nobody asks). `delay`: median turns between the cue that justifies an
    alarm and the alarm; negative: earlier. `stages`: precision and recall of single turns."""

    conversations: int
    harmful: int
    precision: float
    recall: float
    f1: float
    latency_f1: float
    erde: Mapping[int, float]
    false_alarms_per_1000: float
    before_meeting: float
    delay: float
    stages: Mapping[str, tuple[float, float]]


def evaluate(model: ConversationModel, conversations: Sequence[LabelledConversation]) -> Figures:
    probabilities = read_all(model, conversations)
    return figures(
        [(one, first_alarm(model, one, probabilities)) for one in conversations],
        stage_figures(conversations, probabilities),
    )


def read_all(model: ConversationModel, conversations: Sequence[LabelledConversation]) -> dict[str, list[float]]:
    """Of each text its stage probabilities; each text is read once."""
    texts = [one.text for one in texts_of(conversations)]
    return dict(zip(texts, model.cues.read(texts).tolist(), strict=True))


def first_alarm(
    model: ConversationModel, conversation: LabelledConversation, probabilities: Mapping[str, Sequence[float]]
) -> int | None:
    alarms = stand(cue_turns(conversation, probabilities), model.risk).alarms
    return min((int(alarm.turns[-1].turn.turn_id) for alarm in alarms), default=None)


def figures(alarmed: Alarmed, stages: Mapping[str, tuple[float, float]]) -> Figures:
    harmful = [(one, place) for one, place in alarmed if one.harmful]
    found = [(one, place) for one, place in harmful if place is not None]
    wrong = sum(place is not None for one, place in alarmed if not one.harmful)
    precision, recall = len(found) / max(len(found) + wrong, 1), len(found) / max(len(harmful), 1)
    f1 = 2 * precision * recall / (precision + recall) if found else 0.0
    penalty = median([_penalty(place - first_cue(one) + 1) for one, place in found]) if found else 1.0
    return Figures(
        conversations=len(alarmed),
        harmful=len(harmful),
        precision=round(precision, 4),
        recall=round(recall, 4),
        f1=round(f1, 4),
        latency_f1=round(f1 * (1 - penalty), 4),
        erde={o: round(erde(alarmed, o), 2) for o in ERDE_AT},
        false_alarms_per_1000=round(1000 * wrong / max(len(alarmed) - len(harmful), 1), 2),
        before_meeting=round(sum(place < _meeting(one) for one, place in found) / max(len(harmful), 1), 4),
        delay=median(place - onset(one) for one, place in found) if found else math.inf,
        stages=stages,
    )


def erde(alarmed: Alarmed, o: int) -> float:
    """Early risk detection error (Losada, Crestani 2016), in percent: a false alarm costs the share of harmful
    conversations, a missed one 1, a true one 1 - 1 / (1 + e^(k - o))."""
    share = sum(one.harmful for one, _ in alarmed) / max(len(alarmed), 1)
    return 100 * mean([_cost(one, place, o, share) for one, place in alarmed]) if alarmed else 0.0


def _cost(one: LabelledConversation, place: int | None, o: int, share: float) -> float:
    if not one.harmful:
        return 0.0 if place is None else share
    if place is None:
        return 1.0
    return 1 - 1 / (1 + math.exp(min(50.0, place - first_cue(one) + 1 - o)))


def _penalty(k: int) -> float:
    """Of the latency-weighted F1 (Sadeque, Xu, Bethard 2018)."""
    return -1 + 2 / (1 + math.exp(-PENALTY * (max(k, 1) - 1)))


def first_cue(one: LabelledConversation) -> int:
    return next(place for place, turn in enumerate(one.turns) if turn.stage and turn.speaker == one.leader)


def _meeting(one: LabelledConversation) -> float:
    """The place of the first request to meet, infinite where there is none."""
    asked = (
        place
        for place, turn in enumerate(one.turns)
        if turn.stage is Stage.MEETING_REQUEST and turn.speaker == one.leader
    )
    return next(asked, math.inf)


def stage_figures(
    conversations: Sequence[LabelledConversation], probabilities: Mapping[str, Sequence[float]]
) -> dict[str, tuple[float, float]]:
    """Of each stage precision and recall of its turns."""
    pairs = [(turn.stage, stage_of(probabilities[turn.text])) for one in conversations for turn in one.turns]
    shown = {}
    for stage in STAGES:
        right = sum(said is stage and read is stage for said, read in pairs)
        read_so, said_so = sum(read is stage for _, read in pairs), sum(said is stage for said, _ in pairs)
        shown[stage.value] = (round(right / max(read_so, 1), 4), round(right / max(said_so, 1), 4))
    return shown
