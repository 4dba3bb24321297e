"""What a text model is measured beside: character n-grams weighed by TF-IDF, with logistic regression (scikit-learn).

The strong and cheap one of the text-classification literature. `tfidf` learns the texts as they are; `tfidf_disguised`
also each of them once obfuscated, as ours does, so that what remains between them is the normaliser and the passages.
"""

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from services.classifier.learning.disguises import disguised
from services.classifier.learning.training import Example

LONGEST = 5  # characters; with words of seven languages longer ones are mostly seen once
STRENGTH = 10  # inverse of the ridge: the best of 1, 10, 100 on the topics' development texts

Floats = NDArray[np.float64]
Scorer = Callable[[Sequence[str]], Floats]


def tfidf(examples: Sequence[Example]) -> Scorer:
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, LONGEST), sublinear_tf=True, min_df=2)
    rows = vectorizer.fit_transform([example.text for example in examples])
    fit = LogisticRegression(C=STRENGTH, tol=1e-5, max_iter=500).fit(rows, [example.label for example in examples])

    def score(texts: Sequence[str]) -> Floats:
        found: Floats = fit.predict_proba(vectorizer.transform(texts))[:, 1]
        return found

    return score


def tfidf_disguised(examples: Sequence[Example]) -> Scorer:
    rng = Random(1)
    hidden = [Example(disguised(example.text, rng), example.label, example.language) for example in examples]
    return tfidf([*examples, *hidden])


PEERS: dict[str, Callable[[Sequence[Example]], Scorer]] = {"tfidf": tfidf, "tfidf_disguised": tfidf_disguised}
