"""What is wrong with a bundle: which part of it, and a sentence that needs no engineer, in English and Korean."""

import re
from typing import Literal

from haetae_verify.sentences import SENTENCES

Language = Literal["en", "ko"]

MAX_SHOWN = 120  # characters of anything that stands in the bundle: an answer stays a sentence
UNSHOWABLE = re.compile(r"[^\w .,:;/+()@#=?&%~'\"<>\[\]-]")  # what could steer a terminal, or hide


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


def shown(value: object) -> str:
    """A value of the bundle as it may stand in an answer: one short line without control characters."""
    text = str(value)
    return UNSHOWABLE.sub("�", text[:MAX_SHOWN]) + ("…" if len(text) > MAX_SHOWN else "")
