"""What an office would do instead with the same labels: scikit-learn on the raw texts, or online learning."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier

from services.classifier.learning.metrics import average_precision
from services.classifier.learning.training import Example

NGRAMS = (1, 4)  # as ours


def scikit_learn(taught: Sequence[Example], frozen: Sequence[Example]) -> float:
    """TF-IDF of character n-grams and logistic regression, from scratch on all labels; it needs the texts."""
    vectors = TfidfVectorizer(analyzer="char", ngram_range=NGRAMS, sublinear_tf=True)
    model = LogisticRegression(C=10, max_iter=500).fit(vectors.fit_transform(_texts(taught)), _labels(taught))
    return _measured(model.decision_function(vectors.transform(_texts(frozen))), frozen)


def online(taught: Sequence[Example], frozen: Sequence[Example]) -> float:
    """One pass of stochastic gradient descent, verdict by verdict, as a model that learns at once would."""
    vectors = TfidfVectorizer(analyzer="char", ngram_range=NGRAMS, sublinear_tf=True).fit(_texts(taught))
    model = SGDClassifier(loss="log_loss", random_state=1)
    for one in taught:
        model.partial_fit(vectors.transform([one.text]), [one.label], classes=[False, True])
    return _measured(model.decision_function(vectors.transform(_texts(frozen))), frozen)


def _texts(examples: Sequence[Example]) -> list[str]:
    return [example.text for example in examples]


def _labels(examples: Sequence[Example]) -> NDArray[np.bool_]:
    return np.array([example.label for example in examples])


def _measured(scores: NDArray[np.float64], frozen: Sequence[Example]) -> float:
    return average_precision(scores, _labels(frozen))
