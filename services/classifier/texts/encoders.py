"""Texts as inputs of a model: n-grams for ours, tokens for the models of others. Both cut a text into passages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from services.classifier.texts.ngrams import Grams
from services.classifier.texts.normalise import Forms

# Passages a forward pass of a transformer: beyond that a core gains nothing and the padding grows.
BATCH_PASSAGES = 16
OVERLAP_TOKENS = 32  # a phrase cut by the end of one passage is whole in the next


@dataclass(frozen=True)
class Passages:
    """A batch ready for the model. `owner`: for each passage, the place of its text in the batch."""

    inputs: dict[str, Tensor]
    owner: Tensor


class Encoder(Protocol):
    def encode(self, texts: Sequence[Forms]) -> Iterator[Passages]: ...


class NgramEncoder:
    def __init__(self, grams: Grams) -> None:
        self.grams = grams

    def encode(self, texts: Sequence[Forms]) -> Iterator[Passages]:
        bags = [self.grams.passages(text.skeleton) for text in texts]
        yield pack([(owner, bag) for owner, passages in enumerate(bags) for bag in passages])


def pack(bags: Sequence[tuple[int, Any]]) -> Passages:
    """Passages of several texts, given as (text, buckets), as inputs of `NgramModel`."""
    arrays = [torch.from_numpy(bag) for _, bag in bags]
    sizes = torch.tensor([0, *(len(array) for array in arrays[:-1])])
    inputs = {"input_ids": torch.cat(arrays), "offsets": sizes.cumsum(0)}
    return Passages(inputs, torch.tensor([owner for owner, _ in bags]))


def writable(text: str) -> str:
    """The text without half surrogates, which no tokenizer takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class TokenEncoder:
    """A tokenizer's passages: texts longer than the model reads are cut, with an overlap."""

    def __init__(self, tokenizer: Any, longest: int) -> None:  # noqa: ANN401  # transformers is untyped here
        self._tokenizer, self._longest = tokenizer, longest

    def encode(self, texts: Sequence[Forms]) -> Iterator[Passages]:
        cut = self._tokenizer(
            [writable(text.clean) for text in texts],
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
