"""What each verdict counts for, so that neither a mistake nor a bad reviewer teaches much. Pure.

Whether a reviewer agrees with the model is not asked: who is shown the uncertain cases disagrees with it half the time,
and that is what is learned from. Reviewers are compared with each other, and with texts whose label is known (golden).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.learning.heads import Floats

SETTLED_BY = 2  # reviewers more on one side than on the other: two against nobody, three against one
GOLDEN_FEWEST, GOLDEN_WRONG_AT_MOST = 5, 0.2  # one slip in five is human; a coin has four in five wrong or none in 19 %
REVIEWER_SHARE = 0.25  # of all that is learned from: nobody alone can outvote the rest


@dataclass(frozen=True)
class Vote:
    """A verdict on a text. `text`: a digest, the same for copies."""

    text: bytes
    label: bool
    reviewer: str


@dataclass(frozen=True)
class Trust:
    """`weights`: of each vote, 0 for one that is not learned from. `contested`: texts left out because reviewers
    disagree. `distrusted`: reviewers left out for what they said of golden texts."""

    weights: Floats
    contested: int
    distrusted: tuple[str, ...]


def weigh(votes: Sequence[Vote], golden: Mapping[bytes, bool], base: int) -> Trust:
    """`golden`: labels that are known. `base`: how many texts are learned from beside these."""
    known = {**_settled(votes), **golden}
    distrusted = {reviewer for reviewer, answers in _answers(votes, known).items() if _wrong(answers)}
    trusted = [vote for vote in votes if vote.reviewer not in distrusted]
    known = {**_settled(trusted), **golden}
    contested = {text for text, labels in _sides(trusted).items() if len(labels) > 1 and text not in known}
    left_out = contested | golden.keys()  # golden texts examine models as well

    def counts(vote: Vote) -> bool:
        agreed = known.get(vote.text, vote.label) == vote.label
        return agreed and vote.text not in left_out and vote.reviewer not in distrusted

    counted = np.array([float(counts(vote)) for vote in votes])
    return Trust(_capped(votes, _once(votes, counted), base), len(contested), tuple(sorted(distrusted)))


def _sides(votes: Iterable[Vote]) -> dict[bytes, dict[bool, set[str]]]:
    """Who says what of each text."""
    sides: dict[bytes, dict[bool, set[str]]] = defaultdict(lambda: defaultdict(set))
    for vote in votes:
        sides[vote.text][vote.label].add(vote.reviewer)
    return sides


def _settled(votes: Iterable[Vote]) -> dict[bytes, bool]:
    """The texts on which reviewers agree clearly enough."""
    lead = {text: len(labels.get(True, ())) - len(labels.get(False, ())) for text, labels in _sides(votes).items()}
    return {text: ahead > 0 for text, ahead in lead.items() if abs(ahead) >= SETTLED_BY}


def _answers(votes: Iterable[Vote], known: Mapping[bytes, bool]) -> dict[str, list[bool]]:
    """For each reviewer, which of the texts with a known label were right."""
    answers: dict[str, list[bool]] = defaultdict(list)
    for vote in votes:
        if vote.text in known:
            answers[vote.reviewer].append(vote.label == known[vote.text])
    return answers


def _wrong(answers: Sequence[bool]) -> bool:
    return len(answers) >= GOLDEN_FEWEST and 1 - sum(answers) / len(answers) > GOLDEN_WRONG_AT_MOST


def _once(votes: Sequence[Vote], counted: Floats) -> Floats:
    """Copies of a text together count as one text."""
    copies = Counter(vote.text for vote, counts in zip(votes, counted, strict=True) if counts)
    return np.array([counts / max(copies[vote.text], 1) for vote, counts in zip(votes, counted, strict=True)])


def _capped(votes: Sequence[Vote], weights: Floats, base: int) -> Floats:
    of_reviewer: dict[str, float] = defaultdict(float)
    for vote, weight in zip(votes, weights, strict=True):
        of_reviewer[vote.reviewer] += weight
    most = REVIEWER_SHARE * (base + float(weights.sum()))
    scale = {reviewer: min(1.0, most / total) if total else 0.0 for reviewer, total in of_reviewer.items()}
    capped: Floats = weights * np.array([scale[vote.reviewer] for vote in votes])
    return capped
