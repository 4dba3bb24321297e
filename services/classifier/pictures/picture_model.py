"""Picture models: any image classifier that `transformers` loads, behind one `score`."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import torch
from torch import Tensor

from services.classifier.pictures.loading import Loaded, PictureModelUnusable, load
from services.classifier.pictures.probability import Probabilities
from services.classifier.pictures.running import Runner

BATCH = 16  # pictures a forward pass: beyond 8 a core gains nothing, beyond 16 neither does the memory's traffic
PROBED = 2  # pictures a pass when the precisions are compared: a large model takes a second for them


class PictureModel:
    """Loaded and warmed up once, used by one thread at a time. `name` says which weights; `shape` what it wants."""

    def __init__(self, loaded: Loaded, probabilities: Probabilities, device: str) -> None:
        self.name, self.shape = loaded.name, loaded.shape
        self.categories = tuple(category.name for category in probabilities.categories)
        self._probabilities = probabilities
        self._runner = Runner(loaded.model, loaded.scaling, device)

    @classmethod
    def load(cls, source: str, variable: str, mapping: Mapping[str, str], *, device: str, hub: bool) -> Self:
        """`variable`: the setting that names it. `mapping`: label → category (see `Probabilities`); `device`: auto, cpu
        or cuda. Raises `PictureModelUnusable`."""
        loaded = load(source, variable, hub=hub)
        try:
            probabilities = Probabilities.of(loaded.model.config, mapping, variable)
        except (ValueError, TypeError, AttributeError) as error:
            raise PictureModelUnusable(f"{variable}: {source}: {error}") from error
        model = cls(loaded, probabilities, _device(device, variable))
        try:
            model.warm_up()
        except RuntimeError as error:
            raise PictureModelUnusable(f"{variable}: {source} fails on a picture of noise: {error}") from error
        return model

    def warm_up(self) -> None:
        """Chooses the quicker precision, and lets the libraries prepare for the usual batch. Raises `RuntimeError` when
        the model gives no numbers."""
        height, width = self.shape.crop_height, self.shape.crop_width
        noise = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (BATCH, height, width, 3), np.uint8))
        self._runner.choose(noise[:PROBED], self._probabilities)
        self._runner.logits(noise)

    def score(self, pictures: Sequence[Sequence[bytes]]) -> list[dict[str, float]]:
        """Of each picture, given as the pixels of its frames in `shape`, the probability of each category."""
        frames = [frame for picture in pictures for frame in picture]
        scored: list[list[float]] = []
        for start in range(0, len(frames), BATCH):
            scored += self._score(frames[start : start + BATCH])
        found, place = [], 0
        for picture in pictures:
            found.append(self._probabilities.highest(scored[place : place + len(picture)]))
            place += len(picture)
        return found

    def _score(self, frames: Sequence[bytes]) -> list[list[float]]:
        pixels = np.frombuffer(b"".join(frames), np.uint8).reshape(-1, self.shape.crop_height, self.shape.crop_width, 3)
        logits: Tensor = self._runner.logits(torch.from_numpy(pixels.copy()))
        found: list[list[float]] = self._probabilities.of_logits(logits).tolist()
        return found


def _device(wanted: str, variable: str) -> str:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise PictureModelUnusable(
            f"{variable}: HAETAE_MODEL_DEVICE is cuda, and torch sees no GPU here; give auto or cpu"
        )
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"
