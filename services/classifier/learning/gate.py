"""Whether a challenger may judge: compared with the champion, text by text, and refused if anything got worse. Pure.

Every number is a margin within which two models are called equally good; decision 0017 says why these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.learning.bags import Bags, Labels
from services.classifier.learning.heads import Head
from services.classifier.learning.metrics import (
    FLAG_FROM,
    average_precision,
    error_by_chance,
    expected_calibration_error,
)

LOST_AT_MOST = 0.005  # of average precision, at the lower end of the interval: on the frozen set
RECENT_LOST_AT_MOST = 0.03  # the same on the recent set, whose few hundred texts say no more exactly
GROUP_LOST_AT_MOST = 0.03  # of a language or a category, in the mean
DISGUISED_LOST_AT_MOST = 0.01  # in the mean
FROZEN_ECE, RECENT_ECE = 0.03, 0.05  # beyond what chance makes of it, or no worse than the champion's
FEWEST_OF_A_LABEL = 10  # of each label, before a part's average precision says anything
DRAWS, CONFIDENCE, SEED = 1000, 0.95, 17


@dataclass(frozen=True)
class Gain:
    """Challenger's minus champion's average precision: its mean over the draws, and the interval."""

    champion: float
    challenger: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        return self.challenger - self.champion


@dataclass(frozen=True)
class Exam:
    """What both are measured on. `recent`: verdicts that neither was fitted to."""

    frozen: Bags
    disguised: Bags
    must: Bags
    recent: Bags


@dataclass(frozen=True)
class Check:
    """One comparison. `says`: with its numbers."""

    name: str
    passed: bool
    says: str


@dataclass(frozen=True)
class GateVerdict:
    checks: tuple[Check, ...]
    figures: dict[str, float]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """What spoke against it, or what it gained."""
        wrong = [check.says for check in self.checks if not check.passed]
        return "; ".join(wrong or [check.says for check in self.checks if check.name in ("better", "frozen")])


def judge(champion: Head, challenger: Head, exam: Exam) -> GateVerdict:
    frozen, recent = gain(champion, challenger, exam.frozen), gain(champion, challenger, exam.recent)
    checks = [
        _better(frozen, recent),
        _no_worse("frozen", frozen, LOST_AT_MOST),
        *([_no_worse("recent", recent, RECENT_LOST_AT_MOST)] if recent else []),
        *_groups(champion, challenger, exam.frozen, "frozen"),
        *_groups(champion, challenger, exam.recent, "recent"),
        _disguised(champion, challenger, exam.disguised),
        _must(champion, challenger, exam.must),
        *_calibrated(champion, challenger, exam),
    ]
    figures = {
        **_figures("frozen", frozen),
        **_figures("recent", recent),
        "ece": _error(challenger, exam.frozen)[0],
        "texts": float(len(exam.frozen)),
        "recent_texts": float(len(exam.recent)),
    }
    return GateVerdict(tuple(checks), {name: round(value, 5) for name, value in figures.items()})


def gain(champion: Head, challenger: Head, bags: Bags) -> Gain | None:
    """With the interval of a paired bootstrap over texts (Efron and Tibshirani 1993, 16; Koehn 2004): both are measured
    on the same draws, so that what makes texts hard cancels out. None when there are too few texts to say anything."""
    if not _enough(bags.labels):
        return None
    before, after = champion.margins(bags), challenger.margins(bags)
    rng = np.random.default_rng(SEED)
    gains = []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(bags), len(bags))
        labels = bags.labels[drawn]
        gains.append(average_precision(after[drawn], labels) - average_precision(before[drawn], labels))
    low, high = np.quantile(gains, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Gain(average_precision(before, bags.labels), average_precision(after, bags.labels), float(low), float(high))


def _better(frozen: Gain | None, recent: Gain | None) -> Check:
    """On the frozen set in the mean, or on the recent one beyond doubt: of new words the frozen set knows nothing, but
    the recent one is made of what reviewers said, which may be wrong."""
    better = bool((frozen and frozen.mean > 0) or (recent and recent.low > 0))
    return Check("better", better, f"{'better' if better else 'no better'}: {_said('frozen', frozen, recent)}")


def _said(what: str, gained: Gain | None, other: Gain | None = None) -> str:
    if gained is None:
        return f"the {what} set has too few texts"
    said = (
        f"average precision on the {what} set {gained.challenger:.3f} after {gained.champion:.3f}"
        f" ({gained.low:+.3f} to {gained.high:+.3f})"
    )
    return f"{said}, {_said('recent', other)}" if other else said


def _no_worse(name: str, gained: Gain | None, most: float) -> Check:
    """Without a set that decides nothing is promoted."""
    passed = gained is not None and gained.low >= -most
    return Check(name, passed, _said(name, gained) + ("" if passed else f", where {most} may be lost"))


def _groups(champion: Head, challenger: Head, bags: Bags, where: str) -> Iterator[Check]:
    """A language is measured alone; a category's texts beside all harmless ones."""
    before, after = champion.margins(bags), challenger.margins(bags)
    languages, categories = np.array(bags.languages), np.array(bags.categories)
    parts = {f"language {name}": languages == name for name in sorted(set(bags.languages))}
    if len(named := sorted(set(bags.categories))) > 1:
        parts |= {f"category {name}": (categories == name) | ~bags.labels for name in named}
    for name, part in parts.items():
        labels: Labels = bags.labels[part]
        if _enough(labels):
            was, now = average_precision(before[part], labels), average_precision(after[part], labels)
            says = f"{name} of the {where} set: {now:.3f} after {was:.3f}"
            yield Check(f"{where} {name}", now >= was - GROUP_LOST_AT_MOST, says)


def _disguised(champion: Head, challenger: Head, bags: Bags) -> Check:
    was, now = (average_precision(head.margins(bags), bags.labels) for head in (champion, challenger))
    return Check("disguised", now >= was - DISGUISED_LOST_AT_MOST, f"disguised texts: {now:.3f} after {was:.3f}")


def _must(champion: Head, challenger: Head, bags: Bags) -> Check:
    """No more of the lists may be wrong than before: none, once the champion has none wrong."""
    was, now = (int(((head.probabilities(bags) >= FLAG_FROM) != bags.labels).sum()) for head in (champion, challenger))
    return Check("must", now <= was, f"of {len(bags)} texts that must be right {now} are wrong, {was} before")


def _calibrated(champion: Head, challenger: Head, exam: Exam) -> Iterator[Check]:
    for name, bags, most in (("frozen", exam.frozen, FROZEN_ECE), ("recent", exam.recent, RECENT_ECE)):
        if _enough(bags.labels):
            (was, was_by_chance), (now, by_chance) = _error(champion, bags), _error(challenger, bags)
            passed = now - by_chance <= max(most, was - was_by_chance)
            says = f"calibration error on the {name} set {now:.3f}, of which {by_chance:.3f} is chance"
            yield Check(f"{name} ece", passed, says)


def _error(head: Head, bags: Bags) -> tuple[float, float]:
    """Measured, and by chance."""
    scores = head.probabilities(bags)
    return expected_calibration_error(scores, bags.labels), error_by_chance(scores)


def _figures(name: str, gained: Gain | None) -> dict[str, float]:
    if gained is None:
        return {}
    return {f"{name}_ap": gained.challenger, f"{name}_before": gained.champion, f"{name}_low": gained.low}


def _enough(labels: Labels | Sequence[bool]) -> bool:
    positives = int(np.sum(labels))
    return min(positives, len(labels) - positives) >= FEWEST_OF_A_LABEL
