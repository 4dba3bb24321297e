"""Models of `transformers` directories: whole ones only, that run no code and ask no network."""

from pathlib import Path
from typing import Any

import torch

LOCAL = {"local_files_only": True, "trust_remote_code": False}


def loaded(kind: Any, directory: Path, *, spare: str | None = None, **options: Any) -> Any:  # noqa: ANN401  # untyped
    """A model by this Auto class, in fp32. `spare`: begin of the names of weights that nobody asks.

    Raises whatever a damaged directory makes the libraries raise.
    """
    model, report = kind.from_pretrained(
        directory, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **LOCAL, **options
    )
    lacking = sorted({*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])})
    # The library would fill what is missing with random numbers, and say so in passing.
    if lacking := [name for name in lacking if spare is None or not name.startswith(spare)]:
        raise ValueError(
            f"its weights lack {len(lacking)} of the model's, {lacking[0]} first: this is no trained model of its kind"
        )
    if not all(bool(torch.isfinite(weights).all()) for weights in model.parameters()):
        raise ValueError("its weights are not all numbers")
    return model.eval()
