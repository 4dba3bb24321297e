"""The embedding's opinion, asked only where n-grams are not sure or never learned the language."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from services.classifier.texts.embedding import Embedding
from services.classifier.texts.normalise import Forms
from services.classifier.texts.text_model import TextModel
from services.classifier.texts.unmasked import unmask

# An n-gram score beyond is sure: the embedding costs thirty times as much and would not change which side it is on.
UNSURE = (0.1, 0.9)
FEW_LABELS = 200  # examples in a language: with fewer, n-grams know less of it than the embedding knows from others
HIGHEST = 3  # passages of a text that are looked at: those that n-grams rate highest
SPREAD = 8  # of a language that n-grams do not know: evenly over the text, since their ranking means nothing there
PIECE = 160  # characters of such a passage: a sentence or two
MARGIN = 20  # characters on either side: passages are cut by n-grams, in the middle of words
SURE = 1e-6  # a probability is no nearer to 0 or 1, so that its logarithm is finite


@dataclass(frozen=True)
class Looked:
    """`score`: of both models together; `embedding`: of the embedding alone."""

    score: float
    embedding: float


class SecondLook:
    def __init__(self, model: TextModel, embedding: Embedding) -> None:
        self._model, self._embedding = model, embedding
        self._labelled: dict[str, int] | None = getattr(model.config, "labelled", None)

    def look(
        self, texts: Sequence[Forms], languages: Sequence[str | None], ngrams: Sequence[float]
    ) -> dict[int, Looked]:
        """By place in the batch, for those that were asked for. Where n-grams see nothing, they were asked for because
        n-grams do not know the language: then the embedding alone decides."""
        known = [self._knows(language) for language in languages]
        asked = [
            place
            for place, (text, score) in enumerate(zip(texts, ngrams, strict=True))
            if text.skeleton and (not known[place] or UNSURE[0] <= score <= UNSURE[1])
        ]
        passages = [self._passages(texts[place], known[place]) for place in asked]
        scores = iter(self._embedding.score([passage for few in passages for passage in few]))
        opinions = {place: max(next(scores) for _ in few) for place, few in zip(asked, passages, strict=True)}
        return {
            place: Looked(found if ngrams[place] < UNSURE[0] else self._together(ngrams[place], found), found)
            for place, found in opinions.items()
        }

    def _knows(self, language: str | None) -> bool:
        """Of a text that shows no language (numbers, a few words) the embedding knows no more."""
        return language is None or self._labelled is None or self._labelled.get(language, 0) >= FEW_LABELS

    def _passages(self, text: Forms, known: bool) -> list[str]:
        if not known or self._model.grams is None:
            return spread_passages(text.clean)
        return highest_passages(self._model, text)

    def _together(self, ngrams: float, embedding: float) -> float:
        """The mean of their log-odds, calibrated as one score where the embedding's head says how."""
        return self._embedding.together((log_odds(ngrams) + log_odds(embedding)) / 2)


def highest_passages(model: TextModel, text: Forms, count: int = HIGHEST) -> list[str]:
    """The words of the passages that n-grams rate highest, as their writer meant them."""
    return [unmask(_part(text.clean, found.start, found.end)).text for found in model.highest(text, count)]


def spread_passages(text: str) -> list[str]:
    """Up to `SPREAD` pieces of `PIECE` characters, evenly over the text."""
    last = max(len(text) - PIECE, 0)
    count = min(SPREAD, 1 + -(-last // (PIECE // 2)))
    starts = {round(last * number / max(count - 1, 1)) for number in range(count)}
    return [unmask(text[start : start + PIECE]).text for start in sorted(starts)]


def _part(text: str, start: float, end: float) -> str:
    """The characters between two shares of the text's letters, blanks not counted, with a margin."""
    letters = [place for place, character in enumerate(text) if not character.isspace()]
    first, last = letters[int(start * len(letters))], letters[max(math.ceil(end * len(letters)) - 1, 0)]
    return text[max(first - MARGIN, 0) : last + 1 + MARGIN]


def log_odds(probability: float) -> float:
    bounded = min(max(probability, SURE), 1 - SURE)
    return math.log(bounded / (1 - bounded))
