"""Picture models of other makers: small, random, but with everything that a downloaded directory has."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import ViTConfig, ViTForImageClassification

LABELS = ("meadow", "harbour", "lantern")
PREPARATION = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": 32, "width": 32},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
}


def write(out: Path, *, preparation: dict[str, object] | None = None, **config: object) -> Path:
    """A vision transformer of one layer. `config`: more for config.json, as somebody wrote it there."""
    torch.manual_seed(5)
    shape = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=8,
        initializer_range=0.3,
        id2label=dict(enumerate(LABELS)),
        label2id={label: place for place, label in enumerate(LABELS)},
    )
    ViTForImageClassification(shape).save_pretrained(out)
    (out / "preprocessor_config.json").write_text(json.dumps(PREPARATION if preparation is None else preparation))
    if config:
        change(out, **config)
    return out


def change(out: Path, **config: object) -> None:
    """Write these into its config.json; None takes a field out."""
    path = out / "config.json"
    changed = {**json.loads(path.read_text()), **config}
    path.write_text(json.dumps({name: value for name, value in changed.items() if value is not None}))
