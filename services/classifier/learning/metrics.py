"""How good scores are, and how to make probabilities of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

FLAG_FROM = 0.5  # metrics are taken at the threshold that the classifier flags from by default
ECE_BINS = 10  # as in Guo et al. 2017; finer ones count the noise of small sets as error
DRAWS, SEED = 400, 17  # for the mean of what chance makes of an error
NEWTON_STEPS = 50  # Platt's likelihood is convex in two numbers: a dozen steps suffice


@dataclass(frozen=True)
class Metrics:
    """On held-out texts. `average_precision` does not depend on the threshold; NaN-free: 0 without a positive."""

    texts: int
    positives: int
    precision: float
    recall: float
    average_precision: float


def measure(scores: Floats, labels: Labels) -> Metrics:
    flagged = scores >= FLAG_FROM
    right = int((flagged & labels).sum())
    return Metrics(
        texts=len(labels),
        positives=int(labels.sum()),
        precision=right / max(int(flagged.sum()), 1),
        recall=right / max(int(labels.sum()), 1),
        average_precision=average_precision(scores, labels),
    )


def by_language(scores: Floats, labels: Labels, languages: Sequence[str]) -> dict[str, Metrics]:
    spoken = np.array(languages)
    return {name: measure(scores[spoken == name], labels[spoken == name]) for name in sorted(set(languages))}


def average_precision(scores: Floats, labels: Labels) -> float:
    """Mean of the precision at each positive, in order of falling score."""
    ranked = labels[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return float(precision[ranked].mean()) if ranked.any() else 0.0


def expected_calibration_error(scores: Floats, labels: Labels, bins: int = ECE_BINS) -> float:
    """How far probabilities are from what comes true: mean over equally wide bins of |mean score − share of positives|,
    weighted by texts (Naeini et al. 2015, Guo et al. 2017). 0 to 1; 0 without a text."""
    if not len(scores):
        return 0.0
    places = np.minimum((scores * bins).astype(np.int64), bins - 1)
    error = np.bincount(places, weights=scores - labels, minlength=bins)
    return float(np.abs(error).sum() / len(scores))


def error_by_chance(scores: Floats, bins: int = ECE_BINS) -> float:
    """The calibration error that these very scores would be measured to have on average if they were exactly right: few
    texts make some of any score (Bröcker and Smith 2007, "Increasing the reliability of reliability diagrams")."""
    rng = np.random.default_rng(SEED)
    drawn = rng.random((DRAWS, len(scores))) < scores
    return float(np.mean([expected_calibration_error(scores, labels, bins) for labels in drawn]))


def platt(logits: Floats, labels: Labels) -> tuple[float, float]:
    """Scale and shift so that sigmoid(scale * logit + shift) is a probability.

    With Platt's own smoothed targets (Platt 1999, "Probabilistic outputs for support vector machines"): separable
    logits would otherwise ask for an infinite scale. Newton's method with a ridge that keeps it bounded. Where logits
    contradict the labels, as a handful of texts may, nothing is learned of probabilities: scale 1, shift 0.
    """
    positives, negatives = int(labels.sum()), int((~labels).sum())
    targets = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    features = np.stack([logits, np.ones_like(logits)])
    weights = np.array([1.0, 0.0])
    for _ in range(NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(weights @ features, -30, 30)))
        slope = features @ (probability - targets)
        curve = (features * (probability * (1 - probability))) @ features.T + 1e-6 * np.eye(2)
        weights = weights - np.clip(np.linalg.solve(curve, slope), -1, 1)
    scale, shift = map(float, weights)
    return (scale, shift) if scale > 0 else (1.0, 0.0)
