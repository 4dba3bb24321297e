"""Which stage a single turn belongs to: n-grams of its letters, and where there is an encoder, its meaning too.

N-grams know a phrase however it is disguised, and no phrase that they have not learnt; the embedding is the other way
round. Of both the mean of the log probabilities counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.conversations.stages import STAGES
from services.classifier.texts.embedder import Embedder, Floats
from services.classifier.texts.ngrams import Buckets, Grams
from services.classifier.texts.normalise import skeleton

# A turn is mostly one passage. With four times as many buckets figures are the same and training takes thrice as long.
GRAMS = Grams(buckets_log2=15, longest=4, window=120, stride=60)
LETTERS, MEANING = "letters", "meaning"  # how turns are read: by n-grams alone, or by both
CLASSES = 1 + len(STAGES)  # "no stage" first


@dataclass(frozen=True)
class Linear:
    """`weight`: inputs × classes."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True)
class CueModel:
    """`meaning` and `embedder`: both or none of them."""

    letters: Linear
    meaning: Linear | None = None
    embedder: Embedder | None = None

    def read(self, texts: Sequence[str], embedded: Floats | None = None) -> Floats:
        """Texts × STAGES: the probability of each stage. Nothing to read has none. `embedded`: where it is there."""
        if not texts:
            return np.zeros((0, len(STAGES)), np.float32)
        scores = np.stack([self._letters(text) for text in texts])
        if self.meaning and self.embedder:
            embedded = self.embedder.embed(texts) if embedded is None else embedded
            meant = log_softmax(embedded @ self.meaning.weight + self.meaning.bias)
            scores = log_softmax((scores + meant) / 2)
        probabilities: Floats = np.exp(scores)[:, 1:]
        probabilities[[not any(map(str.isalnum, text)) for text in texts]] = 0.0
        return probabilities

    def _letters(self, text: str) -> Floats:
        """Log probabilities of the passage that least says nothing."""
        scores = log_softmax(np.stack([self._logits(bag) for bag in GRAMS.passages(skeleton(text))]))
        row: Floats = scores[scores[:, 0].argmin()]
        return row

    def _logits(self, bag: Buckets) -> Floats:
        logits: Floats = self.letters.weight[bag].sum(0) * scale(bag) + self.letters.bias
        return logits


def scale(bag: Buckets) -> float:
    """A long turn is no louder than a short one."""
    return 1 / math.sqrt(max(len(bag), 1))


def log_softmax(logits: NDArray[np.floating[Any]]) -> Floats:
    shifted = logits - logits.max(1, keepdims=True)
    scores: Floats = (shifted - np.log(np.exp(shifted).sum(1, keepdims=True))).astype(np.float32)
    return scores
