"""What is wrong with a bundle: which part of it, and a sentence that needs no engineer, in English and Korean."""

import re
import unicodedata
from typing import Literal

from haetae_verify.sentences import SENTENCES

Language = Literal["en", "ko"]

MAX_SHOWN = 120  # characters of anything that stands in the bundle: an answer stays a sentence


class Wrong(ValueError):
    """The first thing that is wrong. `part`: a file of the bundle or "container"; `kind`: a name in `SENTENCES`."""

    def __init__(self, part: str, kind: str, **facts: object) -> None:
        self.part, self.kind, self.facts = part, kind, facts
        super().__init__(self.say("en"))

    def say(self, language: Language) -> str:
        return SENTENCES[self.kind][language].format(
            part=shown(self.part), **{name: shown(value) for name, value in self.facts.items()}
        )


class Unreadable(Wrong):
    """This is no bundle at all, or it cannot be opened."""


# Letters and signs that nobody sees, although they count as printed.
BLANK = "\u115f\u1160\u2800\u3164\uffa0"
RIGHT_TO_LEFT = ("R", "AL", "AN")


def shown(value: object, most: int = MAX_SHOWN) -> str:
    """A value of the bundle as it may stand in an answer: one line without what steers a terminal, hides, moves its
    neighbours (marks, writing from right to left) or pushes what follows into a line of its own (rows of spaces)."""
    text = str(value)
    beginning = unicodedata.normalize("NFC", re.sub(" {2,}", " ", text[:most]))
    plain = (c if _plain(c) else "\N{REPLACEMENT CHARACTER}" for c in beginning)
    return "".join(plain) + "…" * (len(text) > most)


def _plain(character: str) -> bool:
    return (
        character.isprintable()
        and character not in BLANK
        and not unicodedata.category(character).startswith("M")
        and unicodedata.bidirectional(character) not in RIGHT_TO_LEFT
    )
