"""Progress through the stages, alarms that do not flicker, and the figures that they are measured by."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.numpy import load_file, save_file

from sandbox.dialogues.dialogues import dialogues
from sandbox.dialogues.grammar import LANGUAGES, Half, grammar
from sandbox.dialogues.roles import HARMLESS, escalating
from services.classifier.conversations import evaluation
from services.classifier.conversations.alarm import stand
from services.classifier.conversations.course import INPUTS, CueTurn, course
from services.classifier.conversations.cues import CLASSES, GRAMS, LETTERS, CueModel, Linear
from services.classifier.conversations.examples import LabelledConversation, LabelledTurn
from services.classifier.conversations.model import ConversationModel, save
from services.classifier.conversations.progress import FEATURES, HALF_LIFE_S, Progress, weighed
from services.classifier.conversations.risk import Recurrent, RiskModel, Sum, Thresholds
from services.classifier.conversations.settings import ConversationSettings
from services.classifier.conversations.stages import STAGES, Stage
from services.classifier.conversations.training import train
from services.classifier.texts.text_model import ModelUnusable
from shared.events import LawfulBasis

ESCALATION = INPUTS.index("one_sided_escalation")
MINUTE = 60.0


def turn(place: int, stage: Stage, speaker: str = "a", at: float | None = None, weight: float = 0.9) -> CueTurn:
    stages = tuple(weight if one is stage else 0.0 for one in STAGES)
    return CueTurn(f"t{place}", speaker, MINUTE * place if at is None else at, stages)


def readable(alert: float = 0.5, clear: float = 0.1) -> RiskModel:
    """A risk that is one-sided escalation alone: half at two stages in a row."""
    weight = np.zeros(len(INPUTS), np.float32)
    weight[ESCALATION] = 4.0
    return RiskModel(None, Sum(weight, -2.0), Thresholds(alert, alert / 2, clear))


def features(turns: list[CueTurn], speaker: str = "a") -> dict[str, float]:
    return dict(zip(INPUTS, course(turns)[speaker][-1].known, strict=True))


def test_the_order_makes_the_difference() -> None:
    forward = features([turn(n, stage) for n, stage in enumerate(STAGES)])
    backward = features([turn(n, stage) for n, stage in enumerate(reversed(STAGES))])
    assert forward["in_order"] == backward["against_order"] == pytest.approx(6 * 0.9, abs=0.01)
    assert forward["kinds"] == pytest.approx(backward["kinds"])
    assert forward["escalation"] == -backward["escalation"] > 4


def test_what_the_other_side_says_too_is_not_one_sided() -> None:
    alone = features([turn(n, stage) for n, stage in enumerate(STAGES)])
    mutual = features([turn(n, stage, who) for n, stage in enumerate(STAGES) for who in ("b", "a")])
    assert alone["one_sided"] == pytest.approx(alone["kinds"])
    assert max(mutual["one_sided"], mutual["one_sided_escalation"]) < 0.01


def test_a_season_of_silence_fades() -> None:
    near, far = turn(1, Stage.TRUST), turn(1, Stage.TRUST, at=HALF_LIFE_S)
    first = turn(0, Stage.CONTACT, at=0.0)
    assert features([first, near])["said_contact"] == pytest.approx(0.9, abs=1e-3)
    assert features([first, far])["said_contact"] == pytest.approx(0.45)


cues = st.lists(
    st.builds(
        CueTurn,
        turn_id=st.text(max_size=3),
        speaker=st.sampled_from("abc"),
        at=st.floats(-1e11, 1e11),
        stages=st.tuples(*[st.floats(0, 1)] * len(STAGES)),
    ),
    max_size=30,
)


@given(cues)
def test_whatever_is_said_in_whatever_order_the_risk_is_a_risk(turns: list[CueTurn]) -> None:
    standing = stand(turns, readable())
    assert 0 <= standing.risk <= 1
    for steps in course(turns).values():
        assert all(math.isfinite(value) for step in steps for value in step.known)
    assert len({(alarm.speaker, alarm.stage) for alarm in standing.alarms}) == len(standing.alarms)


def test_an_alarm_comes_at_the_earliest_turn_that_justifies_it_and_once_a_stage() -> None:
    turns = [turn(n, stage) for n, stage in enumerate(s for stage in STAGES for s in (stage, stage))]
    alarms = stand(turns, readable()).alarms
    assert [alarm.stage for alarm in alarms] == list(STAGES[1:])
    assert alarms[0].turns[-1].turn.turn_id == "t2"
    assert [told.stage for told in alarms[0].turns] == [Stage.CONTACT, Stage.CONTACT, Stage.TRUST]


def test_a_risk_that_falls_a_little_does_not_raise_the_alarm_again() -> None:
    up = [turn(n, stage) for n, stage in enumerate(STAGES[:3])]
    answered = [turn(3, Stage.CONTACT, "b"), turn(4, Stage.TRUST, "b")]
    again = [turn(5, Stage.TESTING), turn(6, Stage.ISOLATION)]
    assert [a.stage for a in stand([*up, *answered, *again], readable()).alarms if a.speaker == "a"] == [
        Stage.TRUST, Stage.TESTING, Stage.ISOLATION,
    ]  # fmt: skip


def test_two_speakers_are_told_apart() -> None:
    turns = [turn(n, stage, who) for n, stage in enumerate(STAGES[:3]) for who in ("a",)]
    turns += [turn(9, Stage.MEETING_REQUEST, "b")]
    assert {alarm.speaker for alarm in stand(turns, readable()).alarms} == {"a"}


def test_small_talk_weighs_nothing() -> None:
    assert weighed([0.29] * 6) == (0.0,) * 6
    assert weighed([1.0, 0, 0, 0, 0, 0])[0] == 1.0
    progress = Progress()
    progress.hear("a", 0.0, weighed([0.1] * 6))
    assert dict(zip(FEATURES, progress.features("a", 1.0), strict=True))["kinds"] == 0


def conversation(stages: list[Stage | None], leader: str | None = "a") -> LabelledConversation:
    turns = tuple(LabelledTurn("a", MINUTE * n, f"x{n}", stage, "f") for n, stage in enumerate(stages))
    return LabelledConversation("en", leader, turns)


def test_figures_by_hand() -> None:
    """Two harmful ones, alarmed at the third cue and never; two harmless ones, one of them alarmed."""
    harmful = conversation([None, *STAGES])
    quiet = conversation([None, None], None)
    shown = evaluation.figures([(harmful, 3), (harmful, None), (quiet, None), (quiet, 1)], {})
    assert (shown.precision, shown.recall, shown.f1) == (0.5, 0.5, 0.5)
    assert (shown.false_alarms_per_1000, shown.before_meeting, shown.delay) == (500, 0.5, 0)
    assert shown.latency_f1 == pytest.approx(0.5 * (1 - (-1 + 2 / (1 + math.exp(-0.0078 * 2)))), abs=1e-4)
    late = 1 - 1 / (1 + math.exp(3 - 5))
    assert shown.erde[5] == pytest.approx(100 * (late + 1 + 0 + 0.5) / 4, abs=0.01)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_two_halves_of_the_grammar_share_no_sentence(language: str) -> None:
    halves = [grammar(language, half) for half in Half]
    said = [
        {line.pattern for group in (*one.cues.values(), one.chatter, one.replies) for lines in group for line in lines}
        for one in halves
    ]
    assert said[0].isdisjoint(said[1])
    assert [set(one.cues) for one in halves] == [set(STAGES)] * 2


def test_dialogues_are_as_promised_and_the_same_again() -> None:
    made = list(dialogues(Half.UNSEEN, 3, 30, 0.5))
    assert made == list(dialogues(Half.UNSEEN, 3, 30, 0.5))
    assert all(20 <= len(one.turns) <= 90 for one in made)
    assert all(a.at < b.at for one in made for a, b in zip(one.turns, one.turns[1:], strict=False))
    led = [one for one in made if one.escalating]
    assert all(len({said.stage for said in one.turns if said.stage and said.speaker == 0}) >= 4 for one in led)


def test_no_harmless_role_goes_through_the_stages_as_the_other_does() -> None:
    rng = Random(5)
    assert {who for who, _ in escalating(rng)} == {0}
    for role in HARMLESS.values():
        said = [[STAGES.index(stage) for who, stage in role(rng) if who == 0] for _ in range(200)]
        in_order = [len(set(one)) >= 4 and one == sorted(one) for one in said]
        assert sum(in_order) <= 6


def test_conversations_need_a_model_where_they_may_be_read() -> None:
    assert ConversationSettings().conversation_bases == ()
    with pytest.raises(ValidationError, match="HAETAE_CONVERSATION_MODEL"):
        ConversationSettings(conversation_bases=(LawfulBasis.OPEN_ROOM,))


def test_a_directory_that_holds_no_model_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"no conversation model.*make models"):
        ConversationModel.load(tmp_path, None)
    (tmp_path / "config.json").write_text('{"model_type": "haetae-conversation", "version": "1", "thresholds": {}}')
    (tmp_path / "model.safetensors").write_bytes(b"\x80\x04pickled")
    with pytest.raises(ModelUnusable, match="no conversation model"):
        ConversationModel.load(tmp_path, None)


def test_the_risk_is_the_mean_of_network_and_sum() -> None:
    alone, known = readable(), course([turn(n, stage) for n, stage in enumerate(STAGES)])["a"][-1].known
    network = Recurrent()
    torch.nn.init.zeros_(network.out.weight)
    torch.nn.init.zeros_(network.out.bias)  # sure of nothing: a half, whatever was said
    assert alone.risks([known])[0] > 0.9
    assert replace(alone, network=network).risks([known]) == pytest.approx([(alone.risks([known])[0] + 0.5) / 2])


def test_weights_that_are_none_are_refused_before_the_first_turn(tmp_path: Path) -> None:
    zeros = Linear(np.zeros((2**GRAMS.buckets_log2, CLASSES), np.float32), np.zeros(CLASSES, np.float32))
    model = replace(readable(), network=Recurrent())
    save(tmp_path, "1", CueModel(zeros), {LETTERS: (model, model)})
    ConversationModel.load(tmp_path, None)
    file = tmp_path / "model.safetensors"
    good, lost = load_file(file), np.array([np.nan], np.float32)
    for name, bad in (("letters.network.out.bias", lost), ("letters.sum.bias", lost[:0]), ("letters.sum.weight", lost)):
        save_file({**good, name: bad}, file)
        with pytest.raises(ModelUnusable, match=r"its weights are not those of its config.*make models"):
            ConversationModel.load(tmp_path, None)
    with pytest.raises(ValueError, match="clear <= watch <= alert"):
        Thresholds(math.nan, 0.5, 0.1)


def test_training_needs_both_kinds(tmp_path: Path) -> None:
    only = [conversation([None, *STAGES])] * 3
    with pytest.raises(ValueError, match="all harmful or all harmless"):
        train(only, only, tmp_path, 1, version="1", provenance="")
