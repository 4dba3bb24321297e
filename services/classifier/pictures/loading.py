"""A picture model's directory → the model, or a named error: safetensors only, no code of its own, nothing missing."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.classifier.pictures.default_model import THIN_RESNET, ThinResNet
from services.classifier.pictures.preparing import Scaling, read_preparation
from services.classifier.pictures.shape import Shape
from services.classifier.weights import CONFIG, LOCAL, loaded, model_type
from shared.failures import Rejected

# Of a hub's repository; neither code nor pickles reach the disk.
WANTED = ("config.json", "*processor_config.json", "*.safetensors", "*.safetensors.index.json")
PREPARATION = "preprocessor_config.json"
VERSION_DIGITS = 12  # hexadecimal, of the digest of the weights


class PictureModelUnusable(Rejected):
    """The directory holds no model that can be used. The message says which setting, why and what to do."""


@dataclass(frozen=True)
class Loaded:
    """`name`: of the directory, with the digest of its weights. The model is in fp32, on the CPU."""

    name: str
    model: Any
    shape: Shape
    scaling: Scaling


def load(source: str, variable: str, *, hub: bool) -> Loaded:
    """`source`: a directory, or `owner/name[@revision]` of the hub where `hub` allows it. `variable`: the setting that
    names it. Raises `PictureModelUnusable`."""
    directory, name = _located(source, variable, hub)
    try:
        ours = model_type(directory) == THIN_RESNET
        model, processing = _ours(directory) if ours else _other(directory)
        shape, scaling = read_preparation(processing)
    except Exception as error:  # whatever a foreign directory makes the libraries raise
        raise PictureModelUnusable(f"{variable}: {source} cannot be loaded: {error}") from error
    return Loaded(f"{name}@{_version(directory)}", model, shape, scaling)


def _ours(directory: Path) -> tuple[Any, dict[str, Any]]:
    """Model and preparation."""
    return ThinResNet.load(directory), json.loads((directory / PREPARATION).read_bytes())


def _other(directory: Path) -> tuple[Any, dict[str, Any]]:
    """Of another maker's."""
    from transformers import AutoConfig, AutoModelForImageClassification
    from transformers.image_processing_base import ImageProcessingMixin
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    config = AutoConfig.from_pretrained(directory, **LOCAL)
    processing, _ = ImageProcessingMixin.get_image_processor_dict(directory, local_files_only=True)
    return loaded(AutoModelForImageClassification, directory, config=config), processing


def _located(source: str, variable: str, hub: bool) -> tuple[Path, str]:
    """The directory, and what the model is called."""
    directory = Path(source)
    if directory.is_dir():
        if not (directory / CONFIG).is_file():
            raise PictureModelUnusable(
                f"{variable}: {source} holds no config.json; give a transformers directory, or make the default with"
                " `make models`"
            )
        return directory, directory.resolve().name
    if not hub:
        raise PictureModelUnusable(
            f"{variable}: {source} is no directory; make the default with `make models`, or allow names of the hub with"
            " HAETAE_MODEL_HUB=true"
        )
    from huggingface_hub import snapshot_download

    name, _, revision = source.partition("@")
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=list(WANTED))), name
    except Exception as error:  # no network, no such name, no rights: the library has a dozen
        raise PictureModelUnusable(f"{variable}: {source} cannot be had from the hub: {error}") from error


def _version(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(directory.glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:VERSION_DIGITS]
