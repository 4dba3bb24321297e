"""Small conversations of neutral stand-ins, and a model of n-grams that was trained on their phrasing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sandbox.dialogues.grammar import Half, grammar
from sandbox.dialogues.training import labelled
from services.classifier.conversations.model import ConversationModel
from services.classifier.conversations.stages import STAGES, Stage
from services.classifier.conversations.training import train
from shared.events import ConversationObserved, LawfulBasis, Turn
from shared.events.examples import SITE

BEGUN = datetime(2026, 3, 2, 15, tzinfo=UTC)
ROOM = "room-7"


def trained(out: Path, count: int = 160) -> ConversationModel:
    """On n-grams alone, in English: it knows every stage of the phrasing that it has learnt, and learns in seconds."""
    found = (one for one in labelled(Half.TRAINING, 1, count, 0.4) if one.language == "en")
    few = [replace(one, turns=tuple(replace(turn, family=turn.text) for turn in one.turns)) for one in found]
    train(few, few[:20], out, 1, version="of a test", provenance="A model of this test.")
    return ConversationModel.load(out, None)


def said(
    stages: Sequence[Stage | None], speaker: str = "a", begin: int = 0, seed: int = 1, name: str = "t"
) -> tuple[Turn, ...]:
    """A turn a stage, None for small talk, a minute apart; numbered from `begin`."""
    words, rng = grammar("en", Half.TRAINING), Random(seed)
    lines = [words.cue(stage, rng) if stage else words.small_talk(rng) for stage in stages]
    return tuple(
        Turn(turn_id=f"{name}{place}", speaker=speaker, said_at=BEGUN + timedelta(minutes=place), text=line.text)
        for place, line in enumerate(lines, begin)
    )


ESCALATION = tuple(stage for each in STAGES for stage in (each, None, each, None))


def observed(
    turns: Sequence[Turn],
    basis: LawfulBasis = LawfulBasis.OPEN_ROOM,
    conversation: str = ROOM,
    proof: str = "http://chat.test/room/7",
) -> ConversationObserved:
    return ConversationObserved(
        conversation=conversation,
        site=SITE,
        lawful_basis=basis,
        proof=proof,
        turns=tuple(turns),
        observed_at=BEGUN + timedelta(days=1),
    )
