"""A model's logits → calibrated probabilities of our categories. Pure.

Platt scaling of each category: sigmoid(scale * margin + shift), the margin being the log-odds that the model gives to
the category's labels together against all others. Temperature scaling is a scale of 1 / T and no shift. A category
without calibration is taken at the model's word.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class Category:
    name: str
    labels: tuple[int, ...]  # places of the model's labels
    scale: float
    shift: float


@dataclass(frozen=True)
class Probabilities:
    """`independent`: each label by itself (multi-label models), not one of all."""

    categories: tuple[Category, ...]
    independent: bool

    @classmethod
    def of(cls, config: Any, mapping: Mapping[str, str], variable: str) -> Self:  # noqa: ANN401  # a model's config
        """`mapping`: label → category; empty: the config's own `categories`. `calibration` is the config's:
        {category: {"scale": …, "shift": …}}. Raises `ValueError` naming the field and the cure."""
        names = [str(config.id2label[place]) for place in range(config.num_labels)]
        mapping = mapping or getattr(config, "categories", None) or {}
        if not mapping:
            raise ValueError(f"{variable}: say which of the model's labels count; they are {', '.join(names)}")
        if unknown := sorted(set(mapping) - set(names)):
            raise ValueError(f"{variable}: the model has no label {unknown[0]!r}; its labels are {', '.join(names)}")
        independent = len(names) == 1 or config.problem_type == "multi_label_classification"
        chosen: dict[str, list[int]] = {}
        for label, category in mapping.items():
            chosen.setdefault(category, []).append(names.index(label))
        if not independent and any(len(places) == len(names) for places in chosen.values()):
            raise ValueError(f"{variable}: all labels count as one category; leave out those that are harmless")
        given = getattr(config, "calibration", None) or {}
        return cls(
            tuple(Category(name, tuple(places), *_scales(given, name)) for name, places in chosen.items()), independent
        )

    def of_logits(self, logits: Tensor) -> Tensor:
        """Pictures × labels → pictures × categories, each 0 to 1."""
        margins = [self.margin(logits.float(), category) for category in self.categories]
        scaled = [c.scale * margin + c.shift for c, margin in zip(self.categories, margins, strict=True)]
        return torch.sigmoid(torch.stack(scaled, 1))

    def margin(self, logits: Tensor, category: Category) -> Tensor:
        inside = logits[:, category.labels]
        if self.independent:
            return inside.amax(1)
        others = [place for place in range(logits.shape[1]) if place not in category.labels]
        return inside.logsumexp(1) - logits[:, others].logsumexp(1)

    def highest(self, frames: Sequence[Sequence[float]]) -> dict[str, float]:
        """Of a picture, given the probabilities of its frames: it shows what any of them shows."""
        return {c.name: max(frame[n] for frame in frames) for n, c in enumerate(self.categories)}


def _scales(given: Mapping[str, Any], category: str) -> tuple[float, float]:
    numbers = given.get(category, {})
    scale, shift = float(numbers.get("scale", 1.0)), float(numbers.get("shift", 0.0))
    if not (math.isfinite(scale) and math.isfinite(shift) and scale > 0):
        raise ValueError(f"config.json, calibration.{category}: a scale above 0 and a shift are wanted")
    return scale, shift
