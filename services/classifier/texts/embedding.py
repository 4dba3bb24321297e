"""An encoder with a head of ours: the probability that a passage says what a reviewer should see."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from services.classifier.texts.embedder import Embedder, Floats
from services.classifier.texts.text_model import ModelUnusable

HEAD = "head.safetensors"


@dataclass(frozen=True)
class Platt:
    """probability = sigmoid(scale * log-odds + shift)."""

    scale: float
    shift: float

    def __call__(self, log_odds: float) -> float:
        bounded = min(max(self.scale * log_odds + self.shift, -30.0), 30.0)
        return 1 / (1 + math.exp(-bounded))


@dataclass(frozen=True)
class Head:
    """A logistic regression on embeddings. `own` calibrates its logit, `together` the mean of its log-odds and those of
    the n-grams. `encoder`: fingerprint of the encoder that it was trained on."""

    weight: Floats
    bias: float
    own: Platt
    together: Platt
    encoder: str

    def save(self, directory: Path) -> None:
        numbers = [self.bias, self.own.scale, self.own.shift, self.together.scale, self.together.shift]
        tensors = {"weight": self.weight.astype(np.float32), "numbers": np.array(numbers, np.float32)}
        save_file(tensors | {"encoder": np.frombuffer(bytes.fromhex(self.encoder), np.uint8)}, directory / HEAD)
        (directory / HEAD).chmod(0o644)  # the service is another user

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Raises `ModelUnusable`."""
        try:
            tensors = load_file(directory / HEAD)
            if not all(np.isfinite(tensors[name]).all() for name in ("weight", "numbers")):
                raise ValueError("not all of it are numbers")
            bias, own_scale, own_shift, scale, shift = map(float, tensors["numbers"])
            own, together = Platt(own_scale, own_shift), Platt(scale, shift)
            return cls(tensors["weight"], bias, own, together, tensors["encoder"].tobytes().hex())
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise ModelUnusable(
                f"HAETAE_EMBEDDING_MODEL: {directory / HEAD} cannot be loaded ({error}); `make models` trains one"
            ) from error


class Embedding:
    """Used by one thread at a time."""

    def __init__(self, embedder: Embedder, head: Head) -> None:
        self._embedder, self._head = embedder, head
        self.name = f"embedding-{embedder.fingerprint[:8]}"

    @classmethod
    def load(cls, directory: Path) -> Self:
        """An encoder directory of `transformers` with `head.safetensors` in it. Raises `ModelUnusable`."""
        head, embedder = Head.load(directory), Embedder.load(directory)
        if head.encoder != embedder.fingerprint or head.weight.shape != (embedder.width,):
            raise ModelUnusable(
                f"HAETAE_EMBEDDING_MODEL: the head in {directory} was trained on another encoder; train it again"
            )
        return cls(embedder, head)

    def score(self, passages: Sequence[str]) -> list[float]:
        """The probability of each passage by itself."""
        logits = self._embedder.embed(passages) @ self._head.weight + self._head.bias
        return [self._head.own(float(logit)) for logit in logits]

    def together(self, log_odds: float) -> float:
        """The probability, of the mean of both models' log-odds."""
        return self._head.together(log_odds)
