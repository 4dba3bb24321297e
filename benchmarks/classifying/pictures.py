"""Ordinary pictures to look at, and what a script does with them."""

import asyncio
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import torch
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor

from benchmarks.photographs.sources import photographs
from services.classifier.pictures.default_model import ThinResNet
from shared.clock import SystemClock
from shared.events.values import Picture
from shared.objects.quarantine import open_quarantine
from shared.settings import QuarantineSettings

SIZE = (800, 600)  # as pages show them
JPEG_QUALITY = 85
SOME_PDQ = "0" * 64  # the looker asks only for what the crawler could decode
SCRIPT_BATCH = 16


def ordinary(count: int, folder: Path | None, seed: int = 1) -> list[bytes]:
    """JPEG files, each a part of a photograph."""
    rng, photos = Random(seed), photographs(folder) or photographs(None)
    if not photos:
        raise SystemExit("there is no photograph: `make install` and `make .venv/.bench`, or give DATA=FOLDER")
    return [_part(photos[number % len(photos)], rng) for number in range(count)]


def _part(photo: Image.Image, rng: Random) -> bytes:
    share = rng.uniform(0.7, 1.0)
    left, top = rng.uniform(0, 1 - share), rng.uniform(0, 1 - share)
    box = (left * photo.width, top * photo.height, (left + share) * photo.width, (top + share) * photo.height)
    out = io.BytesIO()
    photo.resize(SIZE, Image.Resampling.LANCZOS, box=box).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def keep(bodies: Sequence[bytes], settings: QuarantineSettings, index: Path) -> None:
    """Put them where the crawler puts what it fetched, and write down what is there."""

    async def put() -> None:
        async with open_quarantine(settings, SystemClock()) as quarantine:
            if quarantine is None:
                raise SystemExit("the quarantine's settings are missing")
            for body in bodies:
                await quarantine.put(hashlib.sha256(body).hexdigest(), body)

    asyncio.run(put())
    index.write_text(json.dumps([[hashlib.sha256(body).hexdigest(), len(body)] for body in bodies]))


def kept(index: Path) -> list[Picture]:
    return [
        Picture(url="http://board.test/", sha256=sha256, bytes=size, pdq_dihedral=(SOME_PDQ,))
        for sha256, size in json.loads(index.read_text())
    ]


class Script:
    """What one writes by hand: the library's processor and the model as they come, in batches."""

    def __init__(self, directory: Path) -> None:
        self._processor = AutoImageProcessor.from_pretrained(directory, use_fast=False)
        self._model = ThinResNet.load(directory)

    def look(self, bodies: Sequence[bytes]) -> None:
        for start in range(0, len(bodies), SCRIPT_BATCH):
            self.call(self.prepared(bodies[start : start + SCRIPT_BATCH]))

    def prepared(self, bodies: Sequence[bytes]) -> Tensor:
        images = [Image.open(io.BytesIO(body)).convert("RGB") for body in bodies]
        pixels: Tensor = self._processor(images, return_tensors="pt")["pixel_values"]
        return pixels

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # torch is untyped here
    def call(self, inputs: Tensor) -> None:
        """The bare model, on what is prepared."""
        for some in inputs.split(SCRIPT_BATCH):
            self._model(pixel_values=some).logits.softmax(1)
