"""How well the calibration of picture models calibrates, on a stand-in task: is there a square in the picture?

Drawn pictures, some of them so faint that nobody can tell; the head is fitted to few of them, so that it is surer than
it should be; Platt's scale and shift are fitted on others, and the error is measured on a third part, through the code
that serves. It says nothing about what an agency's model finds.
"""

from pathlib import Path
from random import Random
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image, ImageDraw
from sklearn.linear_model import LogisticRegression

from services.classifier.learning.metrics import average_precision, expected_calibration_error, platt
from services.classifier.pictures.picture_model import PictureModel
from services.classifier.pictures.probability import Probabilities

SIDE = 224
FITTED, CALIBRATED, TESTED = 200, 400, 600
QUICK = 4  # a fourth of these
FAINTEST, CLEAREST = 2, 40  # levels of brightness between the shape and its ground
LABELS = {0: "circle", 1: "square"}


def calibration(directory: Path, *, quick: bool) -> dict[str, float]:
    """Calibration errors of the raw and the calibrated scores, and the average precision."""
    sizes = [size // (QUICK if quick else 1) for size in (FITTED, CALIBRATED, TESTED)]
    labels = np.array([number % 2 == 1 for number in range(sum(sizes))])
    features = _features(directory, [_drawn(Random(n), square=bool(label)) for n, label in enumerate(labels)])
    parts = np.split(np.arange(len(labels)), np.cumsum(sizes)[:-1])
    head = LogisticRegression(C=1e4, max_iter=2000).fit(features[parts[0]], labels[parts[0]])
    logits = head.decision_function(features)
    scale, shift = platt(logits[parts[1]], labels[parts[1]])
    tested, truth = logits[parts[2]], labels[parts[2]]
    scores = _served(tested, {"square": {"scale": scale, "shift": shift}})
    return {
        "ece": round(expected_calibration_error(scores, truth), 4),
        "ece_uncalibrated": round(expected_calibration_error(_served(tested, {}), truth), 4),
        "average_precision": round(average_precision(scores, truth), 3),
        "tested": len(truth),
    }


def _served(logits: "np.typing.NDArray[np.float64]", given: object) -> "np.typing.NDArray[np.float64]":
    """As the service makes probabilities of a model's logits."""
    config = SimpleNamespace(num_labels=2, id2label=LABELS, problem_type=None, calibration=given, categories=None)
    probabilities = Probabilities.of(config, {"square": "square"}, "the stand-in")
    both = torch.tensor(np.stack([np.zeros_like(logits), logits], 1))
    served: np.typing.NDArray[np.float64] = probabilities.of_logits(both)[:, 0].double().numpy()
    return served


@torch.inference_mode()  # type: ignore[untyped-decorator]  # torch is untyped here
def _features(directory: Path, images: list[Image.Image]) -> "np.typing.NDArray[np.float64]":
    runner = PictureModel.load(str(directory), "the default picture model", {}, device="cpu", hub=False)._runner
    pixels = torch.from_numpy(np.stack([np.asarray(image) for image in images]))
    found = [runner._model.features(runner._scaling.apply(some, runner.dtype)) for some in pixels.split(16)]
    return np.asarray(torch.cat(found).double().numpy())


def _drawn(rng: Random, *, square: bool) -> Image.Image:
    ground = rng.randrange(60, 200)
    image = Image.effect_noise((SIDE, SIDE), rng.uniform(5, 25)).point(lambda level: level + ground - 128)
    side, step = rng.randrange(60, 140), rng.randrange(FAINTEST, CLEAREST)
    left, top = rng.randrange(SIDE - side), rng.randrange(SIDE - side)
    shape = Image.new("L", (SIDE, SIDE), 0)
    draw = ImageDraw.Draw(shape)
    (draw.rectangle if square else draw.ellipse)((left, top, left + side, top + side), fill=255)
    image.paste(image.point(lambda level: level + step), mask=shape)
    return image.convert("RGB")
