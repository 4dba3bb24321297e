"""Dialogues of 20 to 90 turns, written out: who says what when, and which turn stands for which stage."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from sandbox.dialogues.grammar import LANGUAGES, Grammar, Half, Line, grammar
from sandbox.dialogues.roles import ESCALATING, HARMLESS, UNSEEN_ONLY, Cues, escalating
from services.classifier.conversations.stages import Stage

SHORTEST, LONGEST = 20, 90
BEGUN = datetime(2026, 3, 2, 15, tzinfo=UTC)
REPLY = 0.35  # of turns without a cue
BYSTANDERS = 0.2  # of dialogues have further people in the room
NIGHT, PAUSE = 0.04, 0.01  # before a turn: some hours, some days


@dataclass(frozen=True)
class Said:
    """`speaker`: 0 leads, 1 is spoken to, others are bystanders."""

    speaker: int
    at: datetime
    text: str
    stage: Stage | None
    pattern: str


@dataclass(frozen=True)
class Dialogue:
    name: str
    language: str
    role: str
    turns: tuple[Said, ...]

    @property
    def escalating(self) -> bool:
        return self.role == ESCALATING


def dialogues(half: Half, seed: int, count: int, escalating_share: float) -> Iterator[Dialogue]:
    """`count` of each language. The same arguments give the same dialogues."""
    roles = {**HARMLESS, **(UNSEEN_ONLY if half is Half.UNSEEN else {})}
    for language in LANGUAGES:
        rng = Random(f"dialogues/{half}/{seed}/{language}")
        words = grammar(language, half)
        for n in range(count):
            role = ESCALATING if rng.random() < escalating_share else rng.choice(sorted(roles))
            cues = (escalating if role == ESCALATING else roles[role])(rng)
            yield Dialogue(f"{half}-{language}-{seed}-{n}", language, role, tuple(_written(words, cues, rng)))


def _written(words: Grammar, cues: Cues, rng: Random) -> Iterator[Said]:
    length = max(rng.randint(SHORTEST, LONGEST), 2 * len(cues))
    cued = dict(zip(sorted(rng.sample(range(length), len(cues))), cues, strict=True))
    people = _people(cues, rng)
    at, speaker = BEGUN + timedelta(minutes=rng.randrange(60 * 24 * 60)), 0
    for place in range(length):
        at += _gap(rng)
        who, stage = cued.get(place, (None, None))
        speaker = _next(speaker, people, rng) if who is None else who
        line = words.cue(stage, rng) if stage else _idle(words, rng)
        yield Said(speaker, at, line.text, stage, line.pattern)


def _people(cues: Cues, rng: Random) -> int:
    bystanders = rng.randint(1, 4) if rng.random() < BYSTANDERS else 0
    return max(2, *(who + 1 for who, _ in cues), 2 + bystanders) if cues else 2 + bystanders


def _next(speaker: int, people: int, rng: Random) -> int:
    """Mostly another one."""
    return speaker if rng.random() < 0.2 else rng.choice([who for who in range(people) if who != speaker])


def _idle(words: Grammar, rng: Random) -> Line:
    return words.reply(rng) if rng.random() < REPLY else words.small_talk(rng)


def _gap(rng: Random) -> timedelta:
    chance = rng.random()
    if chance < PAUSE:
        return timedelta(days=rng.uniform(2, 9))
    if chance < PAUSE + NIGHT:
        return timedelta(hours=rng.uniform(6, 14))
    return timedelta(seconds=rng.lognormvariate(4, 1))
