"""The encoder says what the library's own model says, and refuses what is another model."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

from services.classifier.texts.bert import Bert

SHAPE = {
    "vocab_size": 40, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 40,
    "max_position_embeddings": 30, "initializer_range": 0.5,
}  # fmt: skip
KINDS = {
    "bert": lambda: BertModel(BertConfig(**SHAPE, type_vocab_size=2, pad_token_id=3), add_pooling_layer=False),
    "xlm-roberta": lambda: XLMRobertaModel(
        XLMRobertaConfig(**SHAPE, type_vocab_size=1, pad_token_id=1), add_pooling_layer=False
    ),
}
LENGTHS = (20, 7, 1)


@pytest.fixture(params=KINDS)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(5)
    KINDS[request.param]().save_pretrained(tmp_path)
    return tmp_path


def texts(pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Of several lengths, padded; no token of them is the padding's."""
    seen = torch.tensor([[place < length for place in range(max(LENGTHS))] for length in LENGTHS])
    ids = torch.randint(4, SHAPE["vocab_size"], seen.shape).where(seen, pad)
    return ids, seen.long()


def test_it_says_what_the_library_says(directory: Path) -> None:
    ours = Bert.load(directory)
    theirs = {"bert": BertModel, "xlm-roberta": XLMRobertaModel}[ours.config.model_type].from_pretrained(directory)
    ids, seen = texts(ours.config.pad_token_id)
    with torch.inference_mode():
        expected = theirs.eval()(input_ids=ids, attention_mask=seen).last_hidden_state
        said = ours(input_ids=ids, attention_mask=seen).last_hidden_state
    assert torch.allclose(said[seen.bool()], expected[seen.bool()], atol=1e-5)


def test_weights_of_a_whole_model_are_read_by_their_encoders_names(directory: Path) -> None:
    name = "bert." if json.loads((directory / "config.json").read_text())["model_type"] == "bert" else "roberta."
    weights = load_file(directory / "model.safetensors")
    ids, seen = texts(1)
    before = Bert.load(directory)(ids, seen).last_hidden_state
    save_file({f"{name}{key}": weight for key, weight in weights.items()}, directory / "model.safetensors")
    assert torch.equal(Bert.load(directory)(ids, seen).last_hidden_state, before)


def test_half_precision_is_read(directory: Path) -> None:
    weights = load_file(directory / "model.safetensors")
    save_file({name: weight.half() for name, weight in weights.items()}, directory / "model.safetensors")
    assert {weight.dtype for weight in Bert.load(directory).parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "changed",
    [{"hidden_act": "relu"}, {"is_decoder": True}, {"position_embedding_type": "relative_key"}, {"hidden_size": 0}],
)
def test_another_model_is_refused(directory: Path, changed: dict[str, object]) -> None:
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | changed))
    with pytest.raises(ValueError, match=next(iter(changed))):
        Bert.load(directory)


@pytest.mark.parametrize("part", ["attention.self.key.weight", "output.dense.bias"])
def test_a_weight_that_lacks_is_named_and_never_made_up(directory: Path, part: str) -> None:
    weights = load_file(directory / "model.safetensors")
    save_file({n: w for n, w in weights.items() if n != f"encoder.layer.1.{part}"}, directory / "model.safetensors")
    with pytest.raises(ValueError, match=r"its weights lack 1 of the model's, layers\.1\."):
        Bert.load(directory)
