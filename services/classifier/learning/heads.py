"""The n-gram model's head as numbers: what training changes and the registry keeps.

The same function as `NgramModel`, in numpy: the trainer needs no torch, and its process starts in a second.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from services.classifier.learning.bags import Bags
from services.classifier.texts.ngrams import Grams
from shared.failures import Rejected

MODEL_TYPE = "haetae-ngram"
WEIGHTS, BIAS = "bag.weight", "bias"  # as `NgramModel` names them
SHAPE = ("buckets_log2", "longest", "window", "stride")
CALIBRATION = ("calibration_scale", "calibration_shift")
Floats = NDArray[np.float64]


class HeadUnusable(Rejected):
    """These weights are no head of the n-gram model. The message says which and why."""


@dataclass(frozen=True)
class Head:
    """`config`: of `NgramConfig`, with shape and calibration. `weights`: one a bucket."""

    weights: NDArray[np.float32]
    bias: float
    config: Mapping[str, Any]

    @classmethod
    def of(cls, config: Mapping[str, Any], safetensors: bytes, what: str) -> Self:
        """`what` names it in errors. Raises `HeadUnusable`."""
        try:
            if config["model_type"] != MODEL_TYPE:
                raise HeadUnusable(f"{what}: it is a {config['model_type']!r}, verdicts teach only a {MODEL_TYPE!r}")
            tensors = load(safetensors)
            weights, bias = tensors[WEIGHTS].astype(np.float32).reshape(-1), tensors[BIAS].reshape(-1)
            wanted = 2 ** int(config["buckets_log2"])
            _ = [float(config[name]) for name in (*SHAPE, *CALIBRATION)]
        except (KeyError, TypeError, ValueError, SafetensorError) as error:
            raise HeadUnusable(f"{what}: {type(error).__name__}: {error}") from error
        if len(weights) != wanted or len(bias) != 1 or not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise HeadUnusable(f"{what}: {len(weights)} weights where its shape has {wanted}, or some are no numbers")
        return cls(weights, float(bias[0]), dict(config))

    @classmethod
    def of_directory(cls, directory: Path) -> Self:
        """Raises `HeadUnusable`."""
        try:
            config = json.loads((directory / "config.json").read_text())
            return cls.of(config, (directory / "model.safetensors").read_bytes(), str(directory))
        except (OSError, ValueError) as error:
            raise HeadUnusable(f"{directory}: {error}") from error

    @property
    def safetensors(self) -> bytes:
        return save({WEIGHTS: self.weights.reshape(-1, 1), BIAS: np.array([self.bias], np.float32)})

    @property
    def shape(self) -> tuple[int, ...]:
        """Features of another shape mean nothing to it."""
        return tuple(int(self.config[name]) for name in SHAPE)

    @property
    def grams(self) -> Grams:
        return Grams(*self.shape)

    @property
    def digest(self) -> str:
        """SHA-256 of weights and configuration."""
        said = json.dumps(dict(self.config), sort_keys=True, default=str).encode()
        return hashlib.sha256(self.safetensors + said).hexdigest()

    def passage_logits(self, bags: Bags) -> Floats:
        """Of each passage: the sum of its n-grams' weights over the root of their number, plus the bias."""
        weights = np.concatenate([[0.0], np.cumsum(self.weights[bags.grams], dtype=np.float64)])
        sums = weights[bags.ends] - weights[bags.ends - bags.sizes]
        logits: Floats = sums / np.sqrt(np.maximum(bags.sizes, 1)) + self.bias
        return logits

    def logits(self, bags: Bags) -> Floats:
        """Of each text: its highest passage's."""
        if not len(bags):
            return np.empty(0)
        return np.maximum.reduceat(self.passage_logits(bags), bags.firsts)

    def margins(self, bags: Bags) -> Floats:
        """Of each text: its calibrated log-odds, in the order of its score."""
        scale, shift = (float(self.config[name]) for name in CALIBRATION)
        return scale * self.logits(bags) + shift

    def probabilities(self, bags: Bags) -> Floats:
        """Of each text, calibrated."""
        probabilities: Floats = 1 / (1 + np.exp(-np.clip(self.margins(bags), -60, 60)))
        return probabilities
