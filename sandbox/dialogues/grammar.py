"""The words of dialogues: neutral sentences that stand for the stages, one TOML file a language.

Each file has two halves that share no sentence: what models are trained on, and what no training has seen.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from random import Random

from sandbox.phrases import phrasebook
from sandbox.text import fill
from services.classifier.conversations.stages import Stage
from services.classifier.learning.disguises import disguised

LANGUAGES = ("en", "ko", "ja")
# Each pattern is written out so often and no more: a sentence encoder reads every text once, then thousands of
# dialogues cost nothing.
WRITTEN = 4
DISGUISED, SLANG = 0.1, 0.2  # of what is written


class Half(StrEnum):
    TRAINING = "training"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Line:
    """A sentence as it is said. `pattern`: what it was made from; sentences of one pattern are nearly the same."""

    text: str
    pattern: str


@dataclass(frozen=True)
class Grammar:
    """What can be said for each stage, and what stands for none. Each entry: the writings of one pattern."""

    language: str
    cues: dict[Stage, tuple[tuple[Line, ...], ...]]
    chatter: tuple[tuple[Line, ...], ...]
    replies: tuple[tuple[Line, ...], ...]

    def cue(self, stage: Stage, rng: Random) -> Line:
        return rng.choice(rng.choice(self.cues[stage]))

    def small_talk(self, rng: Random) -> Line:
        return rng.choice(rng.choice(self.chatter))

    def reply(self, rng: Random) -> Line:
        return rng.choice(rng.choice(self.replies))


@dataclass(frozen=True)
class _Writer:
    """`slang`: how some words are written carelessly; stand-ins, as everything here."""

    language: str
    words: dict[str, list[str]]
    slang: dict[str, str]
    rng: Random

    def write(self, patterns: list[str]) -> tuple[tuple[Line, ...], ...]:
        return tuple(tuple(Line(self._text(pattern), pattern) for _ in range(WRITTEN)) for pattern in patterns)

    def _text(self, pattern: str) -> str:
        words = {slot: self.rng.choice(choices) for slot, choices in self.words.items()}
        text = fill(pattern, phrasebook(self.language), self.rng, words)
        if self.rng.random() < SLANG:
            for word, careless in self.slang.items():
                text = text.replace(word, careless)
        return disguised(text, self.rng) if self.rng.random() < DISGUISED else text


@cache
def grammar(language: str, half: Half) -> Grammar:
    raw = tomllib.loads((resources.files(__package__) / "phrases" / f"{language}.toml").read_text("utf-8"))[half]
    writer = _Writer(language, raw["words"], raw["slang"], Random(f"dialogues/{language}/{half}"))
    return Grammar(
        language,
        {Stage(name): writer.write(patterns) for name, patterns in raw["cues"].items()},
        writer.write([*raw["chatter"], *(_everyday(language) if half is Half.TRAINING else ())]),
        writer.write(raw["replies"]),
    )


def _everyday(language: str) -> tuple[str, ...]:
    """What the sandbox's web talks of: small talk has more forms than anything else."""
    book = phrasebook(language)
    return (*book.sentences, *book.remarks)
