"""Text models: ours, or any directory of a `transformers` sequence classifier, behind one `score`."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_weights
from torch import Tensor

from services.classifier.texts.encoders import Encoder, NgramEncoder, Passages, TokenEncoder
from services.classifier.texts.ngram_model import NGRAM, NgramConfig, NgramModel
from services.classifier.texts.ngrams import Buckets
from services.classifier.texts.normalise import Forms, forms
from services.classifier.weights import CONFIG, LOCAL, WEIGHTS, filled, loaded, model_type
from shared.failures import Rejected

# Characters a batch: a few thousand passages, some ten megabytes of n-grams; more makes nothing faster.
BATCH_CHARACTERS = 100_000
LONGEST_PASSAGE = 512  # tokens; what nearly all encoders were trained with, and most say no more than that


class ModelUnusable(Rejected):
    """The directory holds no model that can be loaded. The message says which, why and what to do."""


@dataclass(frozen=True)
class Calibration:
    """Platt scaling: probability = sigmoid(scale * logit + shift), read from the directory's config.json
    (`calibration_scale`, `calibration_shift`). A model without them is taken at its word."""

    scale: float
    shift: float
    positive: int  # index of the label that is looked for

    @classmethod
    def of(cls, config: Any, positive_label: str | None) -> Self:  # noqa: ANN401  # transformers is untyped here
        scale = float(getattr(config, "calibration_scale", 1.0))
        shift = float(getattr(config, "calibration_shift", 0.0))
        if not (math.isfinite(scale) and math.isfinite(shift)):
            raise ValueError("calibration_scale and calibration_shift are not both numbers")
        return cls(scale, shift, _positive(config, positive_label))

    def probability(self, logits: Tensor) -> Tensor:
        """Of logits passages × labels. One label: its own logit. Several: the looked-for one against all others."""
        logits = logits.float()
        if logits.shape[1] == 1:
            margin = logits[:, 0]
        else:
            others = [place for place in range(logits.shape[1]) if place != self.positive]
            margin = logits[:, self.positive] - logits[:, others].logsumexp(1)
        return torch.sigmoid(self.scale * margin + self.shift)


def _positive(config: Any, label: str | None) -> int:  # noqa: ANN401  # transformers is untyped here
    """The last label (1 of 2) unless one is named."""
    if label is None:
        return int(config.num_labels) - 1
    labels = config.label2id or {}  # a model of one label may leave it unnamed
    if label not in labels:
        known = ", ".join(sorted(labels, key=labels.__getitem__)) or "unnamed"
        raise ModelUnusable(f"HAETAE_TEXT_LABEL: the model has no label {label!r}; its labels are {known}")
    return int(labels[label])


def _other(directory: Path, positive_label: str | None) -> tuple[Any, Encoder, Calibration]:
    """A model of another maker."""
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    config = AutoConfig.from_pretrained(directory, **LOCAL)
    tokenizer = AutoTokenizer.from_pretrained(directory, use_fast=True, **LOCAL)
    longest = min(
        LONGEST_PASSAGE, tokenizer.model_max_length, getattr(config, "max_position_embeddings", LONGEST_PASSAGE)
    )
    model = loaded(AutoModelForSequenceClassification, directory, config=config)
    return model, TokenEncoder(tokenizer, longest), Calibration.of(config, positive_label)


@dataclass(frozen=True)
class RatedPassage:
    """A passage as the n-gram model rates it. `start`, `end`: where it lies, as shares of the text's letters."""

    logit: float
    buckets: Buckets
    start: float
    end: float


class TextModel:
    """Scores texts; a text's score is that of its highest passage. Loaded once, used by one thread at a time."""

    def __init__(self, model: Any, encoder: Encoder, calibration: Calibration) -> None:  # noqa: ANN401
        self._model, self._encoder, self._calibration = model.eval(), encoder, calibration
        self.config: Any = model.config
        self.grams = encoder.grams if isinstance(encoder, NgramEncoder) else None

    @classmethod
    def load(cls, directory: Path, positive_label: str | None = None) -> Self:
        """From a local directory: safetensors only, no code of the model's own, no network.

        Raises `ModelUnusable`.
        """
        if not (directory / CONFIG).is_file():
            raise ModelUnusable(
                f"HAETAE_TEXT_MODEL: {directory} holds no config.json; give a transformers directory, or make the"
                " stand-in with `make models`"
            )
        try:
            return cls._load(directory, positive_label)
        except ModelUnusable:
            raise
        except Exception as error:  # whatever a foreign directory makes the libraries raise
            raise ModelUnusable(f"HAETAE_TEXT_MODEL: {directory} cannot be loaded: {error}") from error

    @classmethod
    def from_parts(cls, config: Mapping[str, Any], weights: bytes) -> Self:
        """An n-gram model from its configuration and its weights as safetensors. Raises `ModelUnusable`."""
        try:
            return cls._of_ours(NgramConfig.model_validate(dict(config)), weights)
        except (SafetensorError, ValueError, TypeError, RuntimeError) as error:
            raise ModelUnusable(
                f"text model: these weights and this configuration are no n-gram model: {error}"
            ) from error

    @classmethod
    def _of_ours(cls, config: NgramConfig, weights: bytes, positive_label: str | None = None) -> Self:
        encoder, calibration = NgramEncoder(config.grams()), Calibration.of(config, positive_label)
        return cls(filled(NgramModel(config), read_weights(weights)), encoder, calibration)

    @classmethod
    def _load(cls, directory: Path, positive_label: str | None) -> Self:
        torch.set_num_threads(1)  # processes are the unit of scaling: a second thread only disturbs the neighbour
        if model_type(directory) == NGRAM:
            return cls._of_ours(NgramConfig.read(directory), (directory / WEIGHTS).read_bytes(), positive_label)
        return cls(*_other(directory, positive_label))

    def score(self, texts: Sequence[str]) -> list[float]:
        """For each text the probability, 0 to 1, that a reviewer should see it; 0 for one without any letter."""
        return self.score_each([forms(text) for text in texts])[0]

    def score_each(self, texts: Sequence[Forms], others: Sequence["TextModel"] = ()) -> list[list[float]]:
        """The scores of this model, and of others that read the same passages: each text is encoded once.

        Raises `ValueError` when another reads texts differently.
        """
        models = (self, *others)
        if others and any(model.grams is None or model.grams != self.grams for model in models):
            raise ValueError("text models: they cut texts differently; only n-gram models of one shape score together")
        scores: list[list[float]] = [[] for _ in models]
        for batch in _batches(texts):
            for own, found in zip(scores, _score(models, self._encoder, batch), strict=True):
                own.extend(found)
        return scores

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # torch is untyped here
    def highest(self, text: Forms, count: int) -> list[RatedPassage]:
        """The passages of a text that the n-gram model rates highest, highest first; none of any other model."""
        grams = self.grams
        if grams is None:
            return []
        letters = len(text.skeleton) - text.skeleton.count(" ")
        spans, bags = grams.spans(letters), grams.passages(text.skeleton)
        (passages,) = self._encoder.encode([text])
        logits = self._model(**passages.inputs).logits[:, 0].tolist()
        best = sorted(range(len(spans)), key=logits.__getitem__, reverse=True)[:count]
        return [
            RatedPassage(logits[place], bags[place], spans[place][0] / letters, spans[place][1] / letters)
            for place in best
        ]

    def probability(self, passages: Passages) -> Tensor:
        return self._calibration.probability(self._model(**passages.inputs).logits)


@torch.inference_mode()  # type: ignore[untyped-decorator]  # torch is untyped here
def _score(models: Sequence[TextModel], encoder: Encoder, texts: Sequence[Forms]) -> list[list[float]]:
    best = [torch.zeros(len(texts)) for _ in models]
    for passages in encoder.encode(texts):
        for own, model in zip(best, models, strict=True):
            own.scatter_reduce_(0, passages.owner, model.probability(passages), "amax")
    says = torch.tensor([bool(text.skeleton) for text in texts])
    return [(own * says).tolist() for own in best]


def _batches(texts: Sequence[Forms]) -> Iterator[Sequence[Forms]]:
    batch: list[Forms] = []
    characters = 0
    for text in texts:
        if batch and characters + len(text.clean) > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text.clean)
    if batch:
        yield batch
