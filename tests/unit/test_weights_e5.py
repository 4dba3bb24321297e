"""The embedding's converter: a file of the package's form, small and made here, becomes a transformers directory."""

import struct
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModel, AutoTokenizer

from deploy.weights.e5 import BLOCK, convert

WIDTH, LAYERS, HEADS, INNER, POSITIONS, TYPES = 32, 1, 2, 64, 40, 2
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "\u2581the", "\u2581lantern", "\u2581waits", "\u2581", "등불", "<mask>"]
SHAPES = {
    "q": (WIDTH, WIDTH), "k": (WIDTH, WIDTH), "v": (WIDTH, WIDTH), "ao": (WIDTH, WIDTH), "fi": (INNER, WIDTH),
    "fo": (WIDTH, INNER),
}  # fmt: skip


def packed(rng: np.random.Generator, count: int) -> tuple[bytes, np.ndarray]:
    """Q4_0: blocks of a half-precision scale and 16 bytes of two weights each; and the weights that they mean."""
    halves = rng.integers(0, 16, (count // BLOCK, BLOCK), np.uint8)
    scales = np.full(count // BLOCK, 0.0625, "<f2")
    low, high = halves[:, : BLOCK // 2], halves[:, BLOCK // 2 :]
    data = b"".join(scale.tobytes() + (a | (b << 4)).tobytes() for scale, a, b in zip(scales, low, high, strict=True))
    return data, (halves.astype(np.float32) - 8).reshape(-1) * 0.0625


def data_file() -> tuple[bytes, dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    tensors: dict[str, tuple[int, bytes]] = {}
    meant: dict[str, np.ndarray] = {}

    def add(name: str, count: int, four_bit: bool) -> None:
        if four_bit:
            data, meant[name] = packed(rng, count)
        else:
            meant[name] = rng.normal(size=count).astype("<f4")
            data = meant[name].tobytes()
        tensors[name] = (count, data)

    add("emb.word", len(PIECES) * WIDTH, True)
    for name, count in (("emb.pos", POSITIONS * WIDTH), ("emb.type", WIDTH), ("emb.ln.w", WIDTH), ("emb.ln.b", WIDTH)):
        add(name, count, False)
    for short, (rows, columns) in SHAPES.items():
        add(f"l0.{short}.w", rows * columns, True)
        add(f"l0.{short}.b", rows, False)
    for short in ("aln", "oln"):
        add(f"l0.{short}.w", WIDTH, False)
        add(f"l0.{short}.b", WIDTH, False)
    encoded = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    head = b"E5S1" + struct.pack("<i", 1)
    head += struct.pack("<7i", WIDTH, LAYERS, HEADS, INNER, len(PIECES), POSITIONS, TYPES)
    head += struct.pack("<fi", 1e-5, BLOCK) + struct.pack("<5i", len(PIECES), 0, 2, 1, 3)
    head += struct.pack("<Q", int(ends[-1])) + ends.tobytes() + np.linspace(-1, -3, len(PIECES)).astype("<f4").tobytes()
    head += b"".join(encoded) + struct.pack("<iI", 0, 4) + b"norm" + struct.pack("<i", len(tensors))
    places = sum(2 + len(name.encode()) + 1 + 4 + 16 for name in tensors)
    start, listed = len(head) + places, b""
    for name, (count, data) in tensors.items():
        listed += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 0, count, start, len(data))
        start += len(data)
    return head + listed + b"".join(data for _, data in tensors.values()), meant


def test_weights_and_vocabulary_are_those_of_the_file(tmp_path: Path) -> None:
    data, meant = data_file()
    (tmp_path / "small.bin").write_bytes(data)
    convert(tmp_path / "small.bin", tmp_path / "out")
    model = AutoModel.from_pretrained(tmp_path / "out", use_safetensors=True)
    state = model.state_dict()
    assert np.allclose(state["embeddings.word_embeddings.weight"].float().reshape(-1), meant["emb.word"])
    assert np.allclose(state["encoder.layer.0.output.dense.weight"].float().reshape(-1), meant["l0.fo.w"])
    assert np.allclose(state["encoder.layer.0.attention.self.key.bias"].float(), meant["l0.k.b"], atol=2e-3)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer("the  lantern 등불")["input_ids"] == [0, 4, 5, 7, 8, 2]
    assert (tmp_path / "out/model.safetensors").stat().st_mode & 0o777 == 0o644
    assert not (tmp_path / "out.new").exists()


@pytest.mark.parametrize("wrong", [b"", b"ONNX" * 20, data_file()[0][:300], data_file()[0][:-200]])
def test_another_file_is_refused_and_nothing_is_written(tmp_path: Path, wrong: bytes) -> None:
    (tmp_path / "wrong.bin").write_bytes(wrong)
    with pytest.raises(ValueError, match=r"wrong\.bin: th"):
        convert(tmp_path / "wrong.bin", tmp_path / "out")
    assert not (tmp_path / "out").exists()
