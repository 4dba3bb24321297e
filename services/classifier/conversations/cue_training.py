"""Trains the two heads of the cue model, on all texts or on all but one part of their families."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from services.classifier.conversations.cues import GRAMS, LETTERS, MEANING, CueModel, Linear, scale
from services.classifier.conversations.examples import LabelledText
from services.classifier.conversations.stages import STAGES
from services.classifier.learning.disguises import disguised
from services.classifier.texts.embedder import Embedder, Floats
from services.classifier.texts.normalise import skeleton

FOLDS = 3
# Inverse strengths of the ridge: the best of a grid in steps of three on held-out families of the training phrasing.
LETTERS_C, MEANING_C = 3.0, 0.3
TOLERANCE, ITERATIONS = 1e-3, 300  # some 30 steps; ten times as strict changes no figure


@dataclass(frozen=True)
class Corpus:
    """Texts with what is computed of them once: n-grams of each as written and disguised, embeddings."""

    texts: Sequence[LabelledText]
    letters: sp.csr_matrix
    disguised: sp.csr_matrix
    meanings: Floats | None
    embedder: Embedder | None

    @classmethod
    def of(cls, texts: Sequence[LabelledText], embedder: Embedder | None, rng: Random) -> "Corpus":
        plain = [one.text for one in texts]
        return cls(
            texts,
            _rows(plain),
            _rows([disguised(text, rng) for text in plain]),
            embedder.embed(plain) if embedder else None,
            embedder,
        )

    def labels(self) -> NDArray[np.int64]:
        return np.array([1 + STAGES.index(one.stage) if one.stage else 0 for one in self.texts])

    def folds(self) -> NDArray[np.int64]:
        """Of each text the part that its family is in: the same whatever else there is."""
        return np.array([zlib.crc32(one.family.encode()) % FOLDS for one in self.texts])


def fit(corpus: Corpus, chosen: NDArray[np.bool_]) -> CueModel:
    """Both heads, on the chosen texts. Raises `ValueError` when a stage has none."""
    labels = corpus.labels()[chosen]
    if missing := [name for place, name in enumerate(("no stage", *STAGES)) if place not in labels]:
        raise ValueError(f"turns: none for {', '.join(missing)}; give several kinds of each, and of none")
    letters = _letters(sp.vstack([corpus.letters[chosen], corpus.disguised[chosen]]), np.tile(labels, 2))
    if corpus.meanings is None:
        return CueModel(letters)
    return CueModel(letters, _meaning(corpus.meanings[chosen], labels), corpus.embedder)


def unseen_probabilities(corpus: Corpus) -> dict[str, dict[str, list[float]]]:
    """By reading, of each text the stage probabilities by a model that learnt nothing of its family."""
    folds = corpus.folds()
    found: dict[str, dict[str, list[float]]] = {LETTERS: {}, **({} if corpus.meanings is None else {MEANING: {}})}
    for fold in range(FOLDS):
        model, held_out = fit(corpus, folds != fold), folds == fold
        texts = [one.text for one, out in zip(corpus.texts, held_out, strict=True) if out]
        by_letters = replace(model, meaning=None, embedder=None).read(texts)
        found[LETTERS] |= zip(texts, by_letters.tolist(), strict=True)
        if corpus.meanings is not None:
            found[MEANING] |= zip(texts, model.read(texts, corpus.meanings[held_out]).tolist(), strict=True)
    return found


def _regression(c: float) -> LogisticRegression:
    """Balanced: there is more to say without a cue than with any, and what counts is not to miss one."""
    return LogisticRegression(C=c, tol=TOLERANCE, max_iter=ITERATIONS, class_weight="balanced")


def _letters(rows: sp.csr_matrix, labels: NDArray[np.int64]) -> Linear:
    fitted = _regression(LETTERS_C).fit(rows, labels)
    return Linear(fitted.coef_.T.astype(np.float32), fitted.intercept_.astype(np.float32))


def _meaning(rows: Floats, labels: NDArray[np.int64]) -> Linear:
    """Embeddings of one encoder lie close together: standardised, the search takes a tenth of the steps."""
    mean, deviation = rows.mean(0), rows.std(0) + 1e-6
    fitted = _regression(MEANING_C).fit((rows - mean) / deviation, labels)
    weight = (fitted.coef_.T / deviation[:, None]).astype(np.float32)
    return Linear(weight, (fitted.intercept_ - mean @ weight).astype(np.float32))


def _rows(texts: Sequence[str]) -> sp.csr_matrix:
    bags = list(_bags(texts))
    ends = np.cumsum([0, *(len(bag) for bag in bags)])
    weights = np.concatenate([np.full(len(bag), scale(bag), np.float32) for bag in bags])
    rows = sp.csr_matrix((weights, np.concatenate(bags), ends), shape=(len(bags), 2**GRAMS.buckets_log2))
    rows.sum_duplicates()
    return rows


def _bags(texts: Sequence[str]) -> Iterator[NDArray[np.int64]]:
    for text in texts:
        yield GRAMS.passages(skeleton(text))[0]
