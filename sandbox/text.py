"""Sentences made from a phrasebook: everyday talk, cue phrases, and innocent sentences that borrow a cue's words."""

import re
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from sandbox.phrases import Phrasebook

CUE_SLOTS = ("object", "spot", "number", "colour", "token")

# A Korean particle follows the sound before it: the form after a consonant, the form after a vowel.
_PARTICLE = re.compile(r"(\S)(을/를|은/는|이/가|와/과)")
_AFTER_CONSONANT = {"을/를": "을", "은/는": "은", "이/가": "이", "와/과": "과"}
_AFTER_VOWEL = {"을/를": "를", "은/는": "는", "이/가": "가", "와/과": "와"}
_SLOT = re.compile(r"{(\w+)}")


class Half(StrEnum):
    """Cue combinations come in two halves that never meet: what the pages show, no training text has shown."""

    SHOWN = "shown"
    TRAINED = "trained"


class Flavour(StrEnum):
    ORDINARY = "ordinary"
    NEAR = "near"
    CUE = "cue"


def fill(pattern: str, book: Phrasebook, rng: Random, given: dict[str, str] | None = None) -> str:
    """The pattern with each slot filled, from `given` or by chance, and Korean particles in their right form."""
    words = given or {}

    def word(slot: re.Match[str]) -> str:
        name = slot.group(1)
        return words[name] if name in words else rng.choice(book.words[name])

    text = _PARTICLE.sub(_with_particle, _SLOT.sub(word, pattern))
    return text[:1].upper() + text[1:]


def _with_particle(found: re.Match[str]) -> str:
    sound, particle = found.group(1), found.group(2)
    offset = ord(sound) - 0xAC00  # Hangul syllables are ordered: 28 final sounds each, 0 being none
    closed = 0 <= offset < 11172 and offset % 28 != 0
    return sound + (_AFTER_CONSONANT if closed else _AFTER_VOWEL)[particle]


def cue(book: Phrasebook, rng: Random, half: Half) -> str:
    """A cue phrase whose combination of words belongs to `half`: decided by the parity of the words' positions."""
    while True:
        places = {slot: rng.randrange(len(book.words[slot])) for slot in CUE_SLOTS}
        if sum(places.values()) % 2 == (half is Half.SHOWN):
            return fill(rng.choice(book.cues), book, rng, {slot: book.words[slot][i] for slot, i in places.items()})


@dataclass(frozen=True, slots=True)
class Writer:
    """Everything that one page needs written, from one random stream."""

    book: Phrasebook
    rng: Random
    half: Half

    def title(self) -> str:
        return fill(self.rng.choice(self.book.titles), self.book, self.rng)

    def remark(self) -> str:
        return fill(self.rng.choice(self.book.remarks), self.book, self.rng)

    def sentences(self, count: int, flavour: Flavour) -> list[str]:
        """`count` everyday sentences; near: one or two of them borrow cue words; cue: one of them is a cue phrase."""
        texts = [fill(p, self.book, self.rng) for p in self.rng.sample(self.book.sentences, count)]
        if flavour is Flavour.CUE:
            texts[self.rng.randrange(count)] = cue(self.book, self.rng, self.half)
        elif flavour is Flavour.NEAR:
            borrowed = self.rng.sample(self.book.near, min(count, self.rng.choice((1, 2))))
            for place, pattern in zip(self.rng.sample(range(count), len(borrowed)), borrowed, strict=True):
                texts[place] = fill(pattern, self.book, self.rng)
        return texts

    def paragraphs(self, count: int, flavour: Flavour) -> tuple[str, ...]:
        """The sentences of a post, two or three to a paragraph."""
        texts, paragraphs = self.sentences(count, flavour), []
        while texts:
            size = self.rng.choice((2, 3))
            paragraphs.append(self.book.joiner.join(texts[:size]))
            texts = texts[size:]
        return tuple(paragraphs)
