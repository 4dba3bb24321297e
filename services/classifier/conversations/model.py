"""The conversation model and its directory: config.json and model.safetensors, nothing that could run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from services.classifier.conversations.course import INPUTS
from services.classifier.conversations.cues import CLASSES, GRAMS, LETTERS, MEANING, CueModel, Linear
from services.classifier.conversations.risk import Recurrent, RiskModel, Sum, Thresholds
from services.classifier.texts.embedder import Embedder
from services.classifier.texts.text_model import ModelUnusable

MODEL_TYPE = "haetae-conversation"
CURE = "`make models` trains the stand-in, `services.classifier.conversations.training` your own"


class _Risks(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    network: Thresholds
    sum: Thresholds


class Config(BaseModel):
    """`encoder`: fingerprint of the encoder whose embeddings the model was trained on; None: on n-grams alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model_type: str = MODEL_TYPE
    version: str
    inputs: tuple[str, ...] = INPUTS
    buckets_log2: int = GRAMS.buckets_log2
    encoder: str | None = None
    thresholds: dict[str, _Risks]


@dataclass(frozen=True)
class ConversationModel:
    """`reading`: how turns are read, "meaning" or "letters". `name`: what alerts say they were raised by."""

    name: str
    reading: str
    cues: CueModel
    risk: RiskModel

    @classmethod
    def load(cls, directory: Path, embedding: Path | None, *, network: bool = True) -> Self:
        """With the encoder in `embedding` where the model knows it, else on n-grams alone, which recognise only the
        phrasing that they have learnt. `network` False: the sum rates. Raises `ModelUnusable`."""
        config, weights = _opened(directory)
        embedder = Embedder.load(embedding) if embedding and config.encoder else None
        if embedder and embedder.fingerprint != config.encoder:
            raise ModelUnusable(
                f"{directory}: trained on another encoder than {embedding}; train it on this one: {CURE}"
            )
        reading = MEANING if embedder else LETTERS
        try:
            cues = CueModel(_linear(weights, LETTERS), _linear(weights, MEANING) if embedder else None, embedder)
            risk = _risk(weights, config, reading, network)
            _check(cues, risk, weights)
        except (LookupError, ValueError, RuntimeError) as error:
            raise ModelUnusable(f"{directory}: its weights are not those of its config ({error}); {CURE}") from error
        return cls(f"{config.version} ({reading})", reading, cues, risk)


def save(directory: Path, version: str, cues: CueModel, risks: Mapping[str, tuple[RiskModel, RiskModel]]) -> None:
    """`risks`: by reading, with the network and by the sum alone."""
    weights = {f"{LETTERS}.weight": cues.letters.weight, f"{LETTERS}.bias": cues.letters.bias}
    if cues.meaning:
        weights |= {f"{MEANING}.weight": cues.meaning.weight, f"{MEANING}.bias": cues.meaning.bias}
    for reading, (rated, _) in risks.items():
        weights[f"{reading}.sum.weight"] = rated.sum.weight
        weights[f"{reading}.sum.bias"] = np.array([rated.sum.bias], np.float32)
        states = rated.network.state_dict() if rated.network else {}
        weights |= {f"{reading}.network.{name}": tensor.numpy() for name, tensor in states.items()}
    config = Config(
        version=version,
        encoder=cues.embedder.fingerprint if cues.embedder else None,
        thresholds={
            reading: _Risks(network=rated.thresholds, sum=summed.thresholds)
            for reading, (rated, summed) in risks.items()
        },
    )
    save_file({name: np.ascontiguousarray(array) for name, array in weights.items()}, directory / "model.safetensors")
    (directory / "config.json").write_text(config.model_dump_json(indent=2) + "\n")


def _opened(directory: Path) -> tuple[Config, dict[str, Any]]:
    try:
        config = Config.model_validate_json((directory / "config.json").read_bytes())
        weights = load_file(directory / "model.safetensors")
    except (OSError, ValidationError, SafetensorError) as error:
        raise ModelUnusable(f"{directory}: no conversation model that can be loaded ({error}); {CURE}") from error
    if (config.model_type, config.inputs, config.buckets_log2) != (MODEL_TYPE, INPUTS, GRAMS.buckets_log2):
        raise ModelUnusable(f"{directory}: made for another version of this software; train it again: {CURE}")
    return config, weights


def _linear(weights: Mapping[str, Any], name: str) -> Linear:
    return Linear(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _risk(weights: Mapping[str, Any], config: Config, reading: str, network: bool) -> RiskModel:
    prefix = f"{reading}.network."
    summed = Sum(weights[f"{reading}.sum.weight"], float(weights[f"{reading}.sum.bias"][0]))
    thresholds = config.thresholds[reading]
    if not network:
        return RiskModel(None, summed, thresholds.sum)
    recurrent = Recurrent()
    states = {name.removeprefix(prefix): torch.from_numpy(a) for name, a in weights.items() if name.startswith(prefix)}
    recurrent.load_state_dict(states)
    return RiskModel(recurrent.eval(), summed, thresholds.network)


def _check(cues: CueModel, risk: RiskModel, weights: Mapping[str, Any]) -> None:
    """Raises `ValueError` for weights of the wrong shape or without a value, rather than at the first turn."""
    if cues.letters.weight.shape != (2**GRAMS.buckets_log2, CLASSES):
        raise ValueError(f"letters.weight is {cues.letters.weight.shape}")
    if odd := [name for name, weight in weights.items() if not np.isfinite(weight).all()]:
        raise ValueError(f"{odd[0]} holds what is no number")
    cues.read(["a"])
    risk.sum.risks(np.zeros((1, len(INPUTS)), np.float32))
