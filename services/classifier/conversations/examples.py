"""Labelled conversations: what training and evaluation read."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.classifier.conversations.stages import Stage


@dataclass(frozen=True)
class LabelledTurn:
    """`at`: seconds. `family`: turns of one family are nearly the same text, and are never learnt from and tested on
    at once (a pattern, a template, a source)."""

    speaker: str
    at: float
    text: str
    stage: Stage | None
    family: str


@dataclass(frozen=True)
class LabelledConversation:
    """`leader`: the speaker who goes through the stages; None where nobody does harm."""

    language: str
    leader: str | None
    turns: tuple[LabelledTurn, ...]

    @property
    def harmful(self) -> bool:
        return self.leader is not None


@dataclass(frozen=True)
class LabelledText:
    text: str
    stage: Stage | None
    family: str
    language: str


def texts_of(conversations: Iterable[LabelledConversation]) -> list[LabelledText]:
    """Each text once."""
    found: dict[str, LabelledText] = {}
    for conversation in conversations:
        for turn in conversation.turns:
            found.setdefault(turn.text, LabelledText(turn.text, turn.stage, turn.family, conversation.language))
    return list(found.values())
