"""Models: whole, of the form that is loaded, and no stand-ins. They are not computed with: that takes minutes."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import PREFIX, Patient

MODELS = Subject("models")
DIRECTORIES = ("text_model", "embedding_model", "picture_model", "synthetic_model", "minor_model", "conversation_model")
STAND_IN = "stand-in"  # in the model card of `make models`
KOREAN = "kor.traineddata"


async def look(patient: Patient) -> Sequence[Diagnosis]:
    return await asyncio.to_thread(_look, patient)


def _look(patient: Patient) -> Sequence[Diagnosis]:
    settings, found = patient.settings, list[Diagnosis]()
    for name in DIRECTORIES:
        directory = getattr(settings, name)
        if directory is not None and Path(directory).is_dir():  # a hub's name is no directory
            found.append(_directory(PREFIX + name.upper(), Path(directory)))
    if settings.tessdata is not None and settings.tessdata.is_dir() and not (settings.tessdata / KOREAN).is_file():
        said = f"{settings.tessdata} has no {KOREAN}: Korean words in pictures are not read"
        found.append(MODELS.warning("HAETAE_TESSDATA", said, "apt-get install tesseract-ocr-kor"))
    return found


def _directory(variable: str, directory: Path) -> Diagnosis:
    cure = f"copy the whole model there again, or name another directory in {variable}"
    if fault := next(faults(directory), None):
        return MODELS.failed(variable, f"{directory}: {fault}", cure)
    card = directory / "MODEL_CARD.md"
    if card.is_file() and STAND_IN in card.read_text(errors="replace"):
        said = f"{directory} is the stand-in, which knows nothing of real content"
        return MODELS.warning(variable, said, f"name a model of your own in {variable}")
    return MODELS.ok(variable, f"{directory} is whole")


def faults(directory: Path) -> Iterator[str]:
    from safetensors import SafetensorError, safe_open  # the classifier's own library

    try:
        json.loads((directory / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield "config.json is not there"
    except (OSError, ValueError):
        yield "config.json cannot be read"
    weights = sorted(directory.glob("*.safetensors"))
    if not weights:
        yield "it has no weights (*.safetensors; other formats can run code and are not loaded)"
    for file in weights:
        try:
            with safe_open(file, framework="numpy") as opened:
                opened.keys()
        except (OSError, SafetensorError):
            yield f"{file.name} is cut short, damaged, or not readable by this user"
