"""Reads texts: scores by n-grams and, where these are not sure, by an embedding; lexicon, personal data, language."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from services.classifier.signals import TextSigns
from services.classifier.texts import features
from services.classifier.texts.embedding import Embedding
from services.classifier.texts.glances import Glance, glances
from services.classifier.texts.lexicon import LexiconFolder
from services.classifier.texts.normalise import Forms, forms
from services.classifier.texts.personal import personal_data
from services.classifier.texts.second_look import SecondLook
from services.classifier.texts.text_model import TextModel
from services.classifier.texts.unmasked import Unmasked, unmask
from shared.clock import Clock
from shared.spoken import by_script, by_words


class Scorer(Protocol):
    """Who scores by n-grams: one model, or several at work at once. `hosts`: "" where unknown."""

    def score(self, texts: Sequence[Forms], hosts: Sequence[str]) -> list[float]: ...

    def version(self, host: str) -> str:
        """Which of them judges this host; "" where there is one only."""
        ...


class Alone:
    """One model for all."""

    def __init__(self, model: TextModel) -> None:
        self._model = model

    def score(self, texts: Sequence[Forms], hosts: Sequence[str]) -> list[float]:
        del hosts  # all alike
        return self._model.score_each(texts)[0]

    def version(self, host: str) -> str:
        del host
        return ""


class TextReader:
    """Used by one thread at a time."""

    def __init__(self, model: TextModel, embedding: Embedding | None, lexicon: LexiconFolder) -> None:
        self._lexicon = lexicon
        self._embedding = embedding
        self.replace(model)

    @classmethod
    def load(cls, model: Path, label: str | None, embedding: Path | None, lexicon: Path | None, clock: Clock) -> Self:
        """Raises `ModelUnusable` or `LexiconUnusable`, naming the setting, what is wrong and what to do."""
        return cls(
            TextModel.load(model, label),
            Embedding.load(embedding) if embedding else None,
            LexiconFolder.open(lexicon, clock),
        )

    def replace(self, model: TextModel, scorer: Scorer | None = None) -> None:
        """Score with this model from now on. `scorer`: who scores in its stead, when it is not alone at work."""
        self._model, self._scorer = model, scorer or Alone(model)
        self._second = SecondLook(model, self._embedding) if self._embedding else None

    @property
    def model_name(self) -> str:
        kind = str(self._model.config.model_type)
        return f"{kind}+{self._embedding.name}" if self._embedding else kind

    def read(
        self, texts: Sequence[str], languages: Sequence[str | None], hosts: Sequence[str] | None = None
    ) -> list[TextSigns]:
        """For each text its signs. `languages`: ISO 639-1 as the page declares or shows it, None where unknown."""
        hosts = hosts or [""] * len(texts)
        both = [forms(text) for text in texts]
        spoken = [given or _language(one.clean) for given, one in zip(languages, both, strict=True)]
        ngrams = self._scorer.score(both, hosts)
        second = self._second.look(both, spoken, ngrams) if self._second else {}
        lexicon = self._lexicon.current()
        model, signs = self.model_name, []
        every = zip(texts, both, glances(texts), spoken, hosts, strict=True)
        for place, (text, form, glance, language, host) in enumerate(every):
            unmasked, may = _unmasked(text, form.clean, glance)
            looked, version = second.get(place), self._scorer.version(host)
            signs.append(
                TextSigns(
                    score=looked.score if looked else ngrams[place],
                    ngrams=ngrams[place],
                    embedding=looked.embedding if looked else None,
                    language=language,
                    slang=lexicon.hits(form.skeleton, unmasked),
                    personal=personal_data(unmasked.text, language, may_number=may.number, may_mail=may.mail),
                    disguised=unmasked.disguised,
                    model=f"{model}@{version}" if version else model,
                )
            )
        return signs

    def features(self, text: str, language: str | None) -> bytes:
        """What may be kept of a text to learn from (`features`); empty when the model has no n-grams."""
        return features.of_text(self._model, forms(text), language)


def _unmasked(text: str, cleaned: str, glance: Glance) -> tuple[Unmasked, Glance]:
    """The text as meant, and what that may have."""
    if glance.disguise:
        return unmask(text, cleaned), Glance()
    return Unmasked(cleaned, 0.0), glance if text == cleaned else Glance()


def _language(text: str) -> str | None:
    return by_script(text, None) or by_words(text)
