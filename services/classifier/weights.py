"""Models out of directories: whole ones only, safetensors, that run no code and ask no network.

`transformers` takes three seconds of processor time to import, which whoever waits for a service that was killed waits
too: models of our own, and encoders of BERT's kind, are read without it, and who needs it imports it when asked.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from pydantic import BaseModel, ConfigDict
from safetensors.torch import save_file
from torch import Tensor, nn

LOCAL = {"local_files_only": True, "trust_remote_code": False}
CONFIG, WEIGHTS = "config.json", "model.safetensors"


class Said(NamedTuple):
    """As the classifiers of `transformers` answer: inputs × labels."""

    logits: Tensor


class OwnConfig(BaseModel):
    """Of a model of ours, as its config.json. What else stands there is somebody else's."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Raises `OSError`, `ValueError`."""
        return cls.model_validate_json((directory / CONFIG).read_bytes())

    def write(self, directory: Path, model: nn.Module) -> None:
        """With the model's weights beside it."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / CONFIG).write_text(self.model_dump_json(indent=2) + "\n")
        save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, directory / WEIGHTS)


def model_type(directory: Path) -> str:
    """As config.json says. Raises `OSError`, `ValueError`."""
    said = json.loads((directory / CONFIG).read_bytes())
    return str(said.get("model_type", "")) if isinstance(said, dict) else ""


def filled(model: nn.Module, weights: Mapping[str, Tensor], dtype: torch.dtype = torch.float32) -> Any:  # noqa: ANN401
    """The model with these weights, each the model's own; what else is there is left alone.

    Raises `ValueError` where one lacks or is no number, `RuntimeError` where one has another shape.
    """
    wanted = {name: weight.to(dtype) for name, weight in weights.items() if weight.is_floating_point()}
    _whole(model.load_state_dict(wanted, strict=False, assign=True).missing_keys)
    return _of_numbers(model)


def loaded(kind: Any, directory: Path, *, spare: str | None = None, **options: Any) -> Any:  # noqa: ANN401  # untyped
    """A model by this Auto class of `transformers`, in fp32. `spare`: begin of the names of weights that nobody asks.

    Raises whatever a damaged directory makes the libraries raise.
    """
    model, report = kind.from_pretrained(
        directory, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **LOCAL, **options
    )
    lacking = {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}
    # The library would fill what is missing with random numbers, and say so in passing.
    _whole(name for name in lacking if spare is None or not name.startswith(spare))
    return _of_numbers(model)


def _whole(lacking: Iterable[str]) -> None:
    if names := sorted(lacking):
        raise ValueError(
            f"its weights lack {len(names)} of the model's, {names[0]} first: this is no trained model of its kind"
        )


def _of_numbers(model: Any) -> Any:  # noqa: ANN401  # torch is untyped here
    # One that is none makes the sum none: an eighth of the time of asking each.
    if not all(bool(torch.isfinite(weights.sum(dtype=torch.float32))) for weights in model.parameters()):
        raise ValueError("its weights are not all numbers")
    return model.eval()
