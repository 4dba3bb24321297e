"""Figures of one scorer on held-out texts: macro-F1, by language, plain and obfuscated, and the calibration error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from benchmarks.classifying.text_peers import PEERS
from services.classifier.learning.disguises import disguised
from services.classifier.learning.metrics import FLAG_FROM, expected_calibration_error
from services.classifier.learning.training import Example
from services.classifier.texts.reader import TextReader

Scores = Callable[[Sequence[str], Sequence[str]], Sequence[float]]  # of texts in these languages
HIDING_SEED = 9  # the disguises of the held-out texts; training hides with another


@dataclass(frozen=True)
class TextFigures:
    """`macro_f1_by_language`: plain, obfuscated."""

    macro_f1: float
    macro_f1_obfuscated: float
    ece: float
    ece_obfuscated: float
    macro_f1_by_language: Mapping[str, tuple[float, float]]

    def rounded(self) -> dict[str, object]:
        languages = self.macro_f1_by_language.items()
        return {
            "macro_f1": round(self.macro_f1, 4),
            "macro_f1_obfuscated": round(self.macro_f1_obfuscated, 4),
            "ece": round(self.ece, 4),
            "ece_obfuscated": round(self.ece_obfuscated, 4),
            "macro_f1_by_language": {name: [round(one, 3) for one in both] for name, both in languages},
        }


def figures(score: Scores, examples: Sequence[Example]) -> TextFigures:
    labels = np.array([example.label for example in examples])
    languages = np.array([example.language for example in examples])
    rng, told = Random(HIDING_SEED), [example.language for example in examples]
    texts = [example.text for example in examples]
    plain = np.array(score(texts, told))
    hidden = np.array(score([disguised(text, rng) for text in texts], told))
    return TextFigures(
        macro_f1(plain, labels),
        macro_f1(hidden, labels),
        expected_calibration_error(plain, labels),
        expected_calibration_error(hidden, labels),
        {
            name: (
                macro_f1(plain[languages == name], labels[languages == name]),
                macro_f1(hidden[languages == name], labels[languages == name]),
            )
            for name in sorted(set(told))
        },
    )


def mean(rows: Sequence[TextFigures]) -> TextFigures:
    return TextFigures(
        fmean(row.macro_f1 for row in rows),
        fmean(row.macro_f1_obfuscated for row in rows),
        fmean(row.ece for row in rows),
        fmean(row.ece_obfuscated for row in rows),
        {
            name: (
                fmean(row.macro_f1_by_language[name][0] for row in rows),
                fmean(row.macro_f1_by_language[name][1] for row in rows),
            )
            for name in rows[0].macro_f1_by_language
        },
    )


def of_reader(reader: TextReader) -> Scores:
    return lambda texts, languages: [signs.score for signs in reader.read(texts, languages)]


def of_peer(name: str, learned: Sequence[Example]) -> Scores:
    peer = PEERS[name](learned)
    return lambda texts, _: peer(texts).tolist()


def macro_f1(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Mean of both labels' F1, at the score that the classifier flags from."""
    return float(f1_score(labels, scores >= FLAG_FROM, average="macro", zero_division=0))
