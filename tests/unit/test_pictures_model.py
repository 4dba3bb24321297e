"""Picture models: any classifier directory gives its own probabilities, calibrated; what is none is named."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import ViTForImageClassification, ViTImageProcessorPil

from services.classifier.pictures.decoding import decode
from services.classifier.pictures.loading import PictureModelUnusable
from services.classifier.pictures.picture_model import BATCH, PictureModel
from services.classifier.pictures.settings import PictureSettings
from services.classifier.pictures.slots import Slots
from tests.support.findings import picture_file
from tests.support.picture_models import LABELS, PREPARATION, change, write

SETTING = "HAETAE_PICTURE_MODEL"
EACH = {label: label for label in LABELS}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("vit"))


@pytest.fixture
def copy(directory: Path, tmp_path: Path) -> Path:
    return shutil.copytree(directory, tmp_path / "copy")


def load(source: Path | str, mapping: dict[str, str] | None = None, device: str = "cpu") -> PictureModel:
    return PictureModel.load(str(source), SETTING, EACH if mapping is None else mapping, device=device, hub=False)


def pixels(model: PictureModel, *seeds: int) -> list[list[bytes]]:
    return [list(decode(picture_file(seed, format="PNG"), (model.shape,)).pixels[0]) for seed in seeds]


def expected(directory: Path, *seeds: int) -> list[list[float]]:
    """As the library itself would say it."""
    reference = ViTForImageClassification.from_pretrained(directory).eval()
    processor = ViTImageProcessorPil.from_dict(PREPARATION)
    images = [Image.open(io.BytesIO(picture_file(seed, format="PNG"))) for seed in seeds]
    with torch.inference_mode():
        found: list[list[float]] = reference(**processor(images, return_tensors="pt")).logits.softmax(1).tolist()
    return found


def test_another_makers_model_gives_its_own_probabilities(directory: Path) -> None:
    model = load(directory)
    scores = model.score(pixels(model, 1, 2, 3))
    for score, said in zip(scores, expected(directory, 1, 2, 3), strict=True):
        assert list(score.values()) == pytest.approx(said, abs=0.02)  # its precision, and a filter's rounding


def test_scores_do_not_depend_on_the_batch(directory: Path) -> None:
    model = load(directory)
    shown = pixels(model, *range(BATCH + 3))
    alone = [model.score([one])[0]["meadow"] for one in shown]
    assert [score["meadow"] for score in model.score(shown)] == pytest.approx(alone, abs=0.01)
    assert model.score([]) == []


def test_of_an_animation_the_highest_frame_counts(directory: Path) -> None:
    model = load(directory)
    first, second = pixels(model, 1, 2)
    both = model.score([[*first, *second]])[0]
    assert both == pytest.approx(
        {label: max(model.score([first, second])[n][label] for n in (0, 1)) for label in LABELS}
    )


def test_labels_that_count_as_one_category_are_added(directory: Path) -> None:
    model = load(directory, {"harbour": "outdoors", "lantern": "outdoors"})
    (score,), (said,) = model.score(pixels(model, 7)), expected(directory, 7)
    assert score == {"outdoors": pytest.approx(said[1] + said[2], abs=0.02)}


def test_calibration_and_categories_come_from_the_config(copy: Path) -> None:
    change(copy, categories={"lantern": "wanted"}, calibration={"wanted": {"scale": 0.5, "shift": -1.0}})
    model = load(copy, {})
    (score,), (said,) = model.score(pixels(model, 5)), expected(copy, 5)
    margin = np.log(said[2] / (1 - said[2]))
    assert score == {"wanted": pytest.approx(1 / (1 + np.exp(-(0.5 * margin - 1.0))), abs=0.02)}


def test_independent_labels_are_taken_one_by_one(copy: Path) -> None:
    plain = load(copy)
    logits = np.log(list(plain.score(pixels(plain, 6))[0].values()))
    change(copy, problem_type="multi_label_classification")
    independent = load(copy)
    found = list(independent.score(pixels(independent, 6))[0].values())
    assert np.diff(np.log(found) - np.log1p(-np.array(found))) == pytest.approx(np.diff(logits), abs=0.1)


def test_the_name_says_which_weights(copy: Path) -> None:
    name = load(copy).name
    assert re.fullmatch(r"copy@[0-9a-f]{12}", name)
    weights = load_file(copy / "model.safetensors")
    save_file({key: value * 2 for key, value in weights.items()}, copy / "model.safetensors", {"format": "pt"})
    assert load(copy).name != name


def pickled(copy: Path) -> None:
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()


def truncated(copy: Path) -> None:
    whole = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def headless(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "classifier" not in k}, copy / "model.safetensors", {"format": "pt"})


def other_shape(copy: Path) -> None:
    change(copy, id2label={"0": "meadow", "1": "lantern"}, label2id={"meadow": 0, "lantern": 1})


def not_numbers(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    save_file({k: v * float("nan") for k, v in weights.items()}, copy / "model.safetensors", {"format": "pt"})


def with_code(copy: Path) -> None:
    change(copy, model_type="own", auto_map={"AutoConfig": "own.Own", "AutoModelForImageClassification": "own.M"})
    (copy / "own.py").write_text("raise SystemExit('the code of a model ran')\n")


def no_json(copy: Path) -> None:
    (copy / "config.json").write_text("{")


def no_preparation(copy: Path) -> None:
    (copy / "preprocessor_config.json").unlink()


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (pickled, "safetensors"),
        (truncated, "cannot be loaded"),
        (headless, "its weights lack 2 of the model's"),
        (other_shape, "cannot be loaded"),
        (not_numbers, "not all numbers"),
        (with_code, "cannot be loaded"),
        (no_json, "cannot be loaded"),
        (no_preparation, r"preprocessor_config\.json"),
    ],
)
def test_a_damaged_directory_is_named_with_its_setting(copy: Path, damage, why: str) -> None:
    damage(copy)
    with pytest.raises(PictureModelUnusable, match=rf"^{SETTING}: {re.escape(str(copy))}.*{why}"):
        load(copy)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("do_pad", True, "do_pad"),
        ("size", {"longest_edge": 9}, "size"),
        ("size", 10**9, "size"),
        ("size", {"shortest_edge": 64}, "another shape"),
        ("image_mean", [1, 2], "image_mean"),
        ("image_std", [0, 1, 1], "image_std"),
        ("resample", 99, "resample"),
        ("do_resize", False, "do_resize"),
    ],
)
def test_a_preparation_that_is_not_known_is_named(copy: Path, field: str, value: object, why: str) -> None:
    (copy / "preprocessor_config.json").write_text(json.dumps({**PREPARATION, field: value}))
    with pytest.raises(PictureModelUnusable, match=why):
        load(copy)


def test_a_missing_directory_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(PictureModelUnusable, match=r"holds no config.json.*make models"):
        load(tmp_path)
    with pytest.raises(PictureModelUnusable, match=r"is no directory.*HAETAE_MODEL_HUB"):
        load("somebody/something")


def test_of_a_hub_only_data_is_taken_and_only_when_that_is_allowed(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def download(name: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((name, revision, [p for p in allow_patterns if not p.endswith((".json", ".safetensors"))]))
        return str(directory)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(PictureModelUnusable):
        load("somebody/something@v1")
    model = PictureModel.load("somebody/something@v1", SETTING, EACH, device="cpu", hub=True)
    assert asked == [("somebody/something", "v1", [])]
    assert model.name.startswith("somebody/something@")


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ({}, "say which of the model's labels count; they are meadow, harbour, lantern"),
        ({"gate": "wanted"}, "no label 'gate'; its labels are meadow, harbour, lantern"),
        (dict.fromkeys(LABELS, "wanted"), "leave out those that are harmless"),
    ],
)
def test_labels_have_to_say_categories(directory: Path, mapping: dict[str, str], why: str) -> None:
    with pytest.raises(PictureModelUnusable, match=why):
        load(directory, mapping)


def test_a_gpu_that_is_not_there_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PictureModelUnusable, match="HAETAE_MODEL_DEVICE"):
        load(directory, device="cuda")


def test_slots_say_what_they_are_asked_and_nothing_else(directory: Path) -> None:
    slots = Slots.load(PictureSettings(synthetic_model=str(directory), synthetic_labels=("harbour", "lantern")))
    (frames,) = decode(picture_file(7, format="PNG"), slots.shapes).pixels
    (signs,) = slots.look({"ab" * 32: {slots.shapes[0]: frames}})
    assert signs.synthetic == pytest.approx(sum(expected(directory, 7)[0][1:]), abs=0.02)
    assert (signs.categories, signs.minor, signs.unread) == ({}, None, "")
    assert signs.model == slots.name != ""


def test_a_slot_without_its_labels_is_named(copy: Path) -> None:
    change(copy, categories={"meadow": "wanted"})
    with pytest.raises(PictureModelUnusable, match="HAETAE_MINOR_MODEL: name its labels in HAETAE_MINOR_LABELS"):
        Slots.load(PictureSettings(minor_model=str(copy)))
