"""How alike two extractions are (pure)."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import mean

# A word, or one character of a script that writes without blanks.
WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


@dataclass(frozen=True)
class Likeness:
    """`precision`: which part of what was found was wanted; `recall`: which part of what was wanted was found."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def of_texts(found: str, wanted: str) -> Likeness:
    """As bags of words: the order of parts does not count, how often a word stands there does."""
    ours, theirs = Counter(WORD.findall(found.lower())), Counter(WORD.findall(wanted.lower()))
    return _likeness((ours & theirs).total(), ours.total(), theirs.total())


def of_sets(found: Collection[str], wanted: Collection[str]) -> Likeness:
    return _likeness(len(set(found) & set(wanted)), len(set(found)), len(set(wanted)))


def averaged(pages: Sequence[Likeness]) -> dict[str, float]:
    """Each page counts alike."""
    return {name: round(mean(getattr(page, name) for page in pages), 3) for name in ("precision", "recall", "f1")}


def _likeness(common: int, found: int, wanted: int) -> Likeness:
    return Likeness(common / found if found else float(not wanted), common / wanted if wanted else float(not found))
