"""Text models: any directory of a `transformers` sequence classifier, ours or another, behind one `score`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from services.classifier.texts.ngram_model import NgramConfig
from services.classifier.texts.ngrams import Grams
from services.classifier.texts.normalise import clean, skeleton
from shared.failures import Rejected

# Characters a batch: a few thousand passages, some ten megabytes of n-grams; more makes nothing faster.
BATCH_CHARACTERS = 100_000
# Passages a forward pass of a transformer: beyond that a core gains nothing and the padding grows.
BATCH_PASSAGES = 16
OVERLAP_TOKENS = 32  # a phrase cut by the end of one passage is whole in the next
LONGEST_PASSAGE = 512  # tokens; what nearly all encoders were trained with, and most say no more than that


class ModelUnusable(Rejected):
    """The directory holds no model that can be loaded. The message says which, why and what to do."""


@dataclass(frozen=True)
class Passages:
    """A batch ready for the model. `owner`: for each passage, the place of its text in the batch."""

    inputs: dict[str, Tensor]
    owner: Tensor


class Encoder(Protocol):
    def encode(self, texts: Sequence[str]) -> Iterator[Passages]: ...


class NgramEncoder:
    def __init__(self, grams: Grams) -> None:
        self._grams = grams

    def encode(self, texts: Sequence[str]) -> Iterator[Passages]:
        bags = [self._grams.passages(skeleton(text)) for text in texts]
        yield pack([(owner, bag) for owner, passages in enumerate(bags) for bag in passages])


def pack(bags: Sequence[tuple[int, Any]]) -> Passages:
    """Passages of several texts, given as (text, buckets), as inputs of `NgramModel`."""
    arrays = [torch.from_numpy(bag) for _, bag in bags]
    sizes = torch.tensor([0, *(len(array) for array in arrays[:-1])])
    inputs = {"input_ids": torch.cat(arrays), "offsets": sizes.cumsum(0)}
    return Passages(inputs, torch.tensor([owner for owner, _ in bags]))


class TokenEncoder:
    """A tokenizer's passages: texts longer than the model reads are cut, with an overlap."""

    def __init__(self, tokenizer: Any, longest: int) -> None:  # noqa: ANN401  # transformers is untyped here
        self._tokenizer, self._longest = tokenizer, longest

    def encode(self, texts: Sequence[str]) -> Iterator[Passages]:
        cut = self._tokenizer(
            [clean(text) for text in texts],
            truncation=True,
            max_length=self._longest,
            stride=min(OVERLAP_TOKENS, self._longest // 4),
            return_overflowing_tokens=True,
        )
        owners = cut.pop("overflow_to_sample_mapping")
        for start in range(0, len(owners), BATCH_PASSAGES):
            few = {name: rows[start : start + BATCH_PASSAGES] for name, rows in cut.items()}
            yield Passages(
                dict(self._tokenizer.pad(few, return_tensors="pt")),
                torch.tensor(owners[start : start + BATCH_PASSAGES]),
            )


@dataclass(frozen=True)
class Calibration:
    """Platt scaling: probability = sigmoid(scale * logit + shift), read from the directory's config.json
    (`calibration_scale`, `calibration_shift`). A model without them is taken at its word."""

    scale: float
    shift: float
    positive: int  # index of the label that is looked for

    @classmethod
    def of(cls, config: Any, positive_label: str | None) -> Self:  # noqa: ANN401  # transformers is untyped here
        return cls(
            float(getattr(config, "calibration_scale", 1.0)),
            float(getattr(config, "calibration_shift", 0.0)),
            _positive(config, positive_label),
        )

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


class TextModel:
    """Scores texts; a text's score is that of its highest passage. Loaded once, used by one thread at a time."""

    def __init__(self, model: Any, encoder: Encoder, calibration: Calibration) -> None:  # noqa: ANN401
        self._model, self._encoder, self._calibration = model.eval(), encoder, calibration

    @classmethod
    def load(cls, directory: Path, positive_label: str | None = None) -> Self:
        """From a local directory: safetensors only, no code of the model's own, no network.

        Raises `ModelUnusable`.
        """
        if not (directory / "config.json").is_file():
            raise ModelUnusable(
                f"HAETAE_TEXT_MODEL: {directory} holds no config.json; give a transformers directory, or make the"
                " stand-in with `make models`"
            )
        try:
            return cls._load(directory, positive_label)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelUnusable(f"HAETAE_TEXT_MODEL: {directory} cannot be loaded: {error}") from error

    @classmethod
    def _load(cls, directory: Path, positive_label: str | None) -> Self:
        disable_progress_bar()
        torch.set_num_threads(1)  # processes are the unit of scaling: a second thread only disturbs the neighbour
        local = {"local_files_only": True, "trust_remote_code": False}
        config = AutoConfig.from_pretrained(directory, **local)
        model = AutoModelForSequenceClassification.from_pretrained(
            directory, config=config, use_safetensors=True, **local
        )
        encoder: Encoder
        if isinstance(config, NgramConfig):
            encoder = NgramEncoder(config.grams())
        else:
            tokenizer = AutoTokenizer.from_pretrained(directory, use_fast=True, **local)
            longest = min(
                LONGEST_PASSAGE, tokenizer.model_max_length, getattr(config, "max_position_embeddings", LONGEST_PASSAGE)
            )
            encoder = TokenEncoder(tokenizer, longest)
        return cls(model, encoder, Calibration.of(config, positive_label))

    def score(self, texts: Sequence[str]) -> list[float]:
        """For each text the probability, 0 to 1, that a reviewer should see it; 0 for one without any letter."""
        scores: list[float] = []
        for batch in _batches(texts):
            scores.extend(self._score(batch))
        return scores

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # torch is untyped here
    def _score(self, texts: Sequence[str]) -> list[float]:
        best = torch.zeros(len(texts))
        for passages in self._encoder.encode(texts):
            probability = self._calibration.probability(self._model(**passages.inputs).logits)
            best.scatter_reduce_(0, passages.owner, probability, "amax")
        return [float(score) if any(map(str.isalnum, text)) else 0.0 for score, text in zip(best, texts, strict=True)]


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and characters + len(text) > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch
