"""From a speaker's course to the risk after each step: a recurrent network and a sum that can be read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from services.classifier.conversations.course import INPUTS

HIDDEN = 24  # figures on unseen dialogues are the same with 48

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Thresholds:
    """`alert`: a counsellor is told. `watch`: worth a look in the list. `clear`: below it an alarm is over."""

    alert: float
    watch: float
    clear: float

    def __post_init__(self) -> None:
        if not 0 <= self.clear <= self.watch <= self.alert <= 1:
            raise ValueError(f"{self}: give 0 <= clear <= watch <= alert <= 1")


class Recurrent(nn.Module):
    """A gated recurrent unit over the steps. `mean`, `deviation`: of the inputs, in training."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(len(INPUTS)))
        self.register_buffer("deviation", torch.ones(len(INPUTS)))
        self.unit = nn.GRU(len(INPUTS), HIDDEN, batch_first=True)
        self.out = nn.Linear(HIDDEN, 1)

    def forward(self, steps: Tensor) -> Tensor:
        """Sequences × steps × inputs to the logit after each step."""
        states, _ = self.unit((steps - self.mean) / self.deviation)
        logits: Tensor = self.out(states)[..., 0]
        return logits


@dataclass(frozen=True)
class Sum:
    """A logistic regression on the same numbers, of the raw inputs: the share of each in the logit can be told."""

    weight: Floats
    bias: float

    def risks(self, known: Floats) -> Floats:
        risks: Floats = 1 / (1 + np.exp(-(known @ self.weight + self.bias)))
        return risks

    def shares(self, known: Sequence[float]) -> dict[str, float]:
        """The part of each input in the logit, the largest first."""
        parts = np.asarray(known, np.float32) * self.weight
        return {INPUTS[place]: float(parts[place]) for place in np.argsort(-np.abs(parts))}


@dataclass(frozen=True)
class RiskModel:
    """The mean of network and sum: they err in different places, and on phrasing that was held out the mean finds more,
    earlier, at as many false alarms. `network` None: the sum alone decides, by its own thresholds."""

    network: Recurrent | None
    sum: Sum
    thresholds: Thresholds

    def risks(self, known: Sequence[Sequence[float]]) -> list[float]:
        """After each step of one speaker, 0 to 1."""
        if not known:
            return []
        steps = np.asarray(known, np.float32)
        risks = self.sum.risks(steps)
        if self.network:
            with torch.inference_mode():
                rated = torch.sigmoid(self.network(torch.from_numpy(steps)[None])[0])
            risks = np.mean([risks, rated.numpy()], axis=0)
        return [float(risk) for risk in risks]
