"""Trains the head of the embedding: a logistic regression on the passages that n-grams rate highest.

Some examples fit it, the others calibrate it, alone and together with the n-grams. They must not be those that the
n-gram model was trained on: of these it is too sure.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from services.classifier.learning.disguises import disguised
from services.classifier.learning.metrics import platt
from services.classifier.learning.training import Example
from services.classifier.texts.embedder import Embedder
from services.classifier.texts.embedding import Head, Platt
from services.classifier.texts.normalise import Forms, forms
from services.classifier.texts.second_look import highest_passages, log_odds
from services.classifier.texts.text_model import TextModel

# Inverse strength of the ridge on standardised embeddings: 384 numbers of a thousand passages can be learned by heart;
# 0.03 and 0.3 differ by less than the figures' noise on the seven languages of SIB-200.
RIDGE = 0.03
CALIBRATION_SHARE = 0.35  # of the examples: two numbers twice, from a few hundred


def train_head(examples: Sequence[Example], model: TextModel, directory: Path, seed: int) -> Head:
    """Write `head.safetensors` beside the encoder in `directory`. `model`: the n-gram model it will stand beside.

    Raises `ModelUnusable` for a directory without an encoder, `ValueError` when one of the labels is missing.
    """
    if len({example.label for example in examples}) < 2:
        raise ValueError("examples: all have the same label; give some that should be flagged and some harmless ones")
    rng, embedder = Random(seed), Embedder.load(directory)
    shuffled = rng.sample(examples, len(examples))
    calibrating, fitting = np.split(np.arange(len(shuffled)), [int(len(shuffled) * CALIBRATION_SHARE)])
    weight, bias = _fitted([shuffled[place] for place in fitting], model, embedder, rng)
    chosen = [shuffled[place] for place in calibrating]
    texts = [forms(disguised(one.text, rng) if rng.random() < 0.5 else one.text) for one in chosen]
    labels = np.array([one.label for one in chosen])
    logits = _logits(texts, model, embedder, weight, bias)
    own = Platt(*platt(logits, labels))
    ngrams = model.score_each(texts)[0]
    both = [(log_odds(score) + log_odds(own(logit))) / 2 for score, logit in zip(ngrams, logits, strict=True)]
    together = Platt(*platt(np.array(both), labels))
    head = Head(weight.astype(np.float32), bias, own, together, embedder.fingerprint)
    head.save(directory)
    return head


def _fitted(examples: Sequence[Example], model: TextModel, embedder: Embedder, rng: Random) -> tuple[np.ndarray, float]:
    """Of each text its highest passage, of a harmless one another as well: any of them must stay low."""
    passages, labels = [], []
    for example in examples:
        text = disguised(example.text, rng) if rng.random() < 0.3 else example.text
        highest = highest_passages(model, forms(text))
        chosen = highest[:1] if example.label else {*highest[:1], *rng.sample(highest, min(len(highest), 1))}
        passages += sorted(chosen)
        labels += [example.label] * len(chosen)
    scaler = StandardScaler()
    rows = scaler.fit_transform(embedder.embed(passages))
    with threadpool_limits(1):  # threads that wait for one another take several times as long as one
        fit = LogisticRegression(C=RIDGE, tol=1e-6, max_iter=1000).fit(rows, labels)
    weight = fit.coef_[0] / scaler.scale_
    return weight, float(fit.intercept_[0] - weight @ scaler.mean_)


def _logits(
    texts: Sequence[Forms], model: TextModel, embedder: Embedder, weight: np.ndarray, bias: float
) -> np.ndarray:
    """The highest passage's logit of each text; texts without a letter have the bias alone."""
    passages = [highest_passages(model, text) for text in texts]
    rated = iter(embedder.embed([passage for few in passages for passage in few]) @ weight + bias)
    return np.array([max((float(next(rated)) for _ in few), default=bias) for few in passages])
