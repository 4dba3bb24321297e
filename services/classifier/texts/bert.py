"""Encoders of BERT's kind (BERT, XLM-RoBERTa: all of multilingual E5), in torch alone.

Devlin et al. 2019; the names of the weights are those of `transformers`, whose own model gives the same numbers.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from pydantic import PositiveInt
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from services.classifier.weights import WEIGHTS, OwnConfig, filled

KINDS = ("bert", "xlm-roberta")


class BertConfig(OwnConfig):
    """What is not as here is another model. Raises `ValueError` for that."""

    model_type: Literal["bert", "xlm-roberta"]
    hidden_act: Literal["gelu"]
    position_embedding_type: Literal["absolute"] = "absolute"
    is_decoder: Literal[False] = False
    vocab_size: PositiveInt
    type_vocab_size: PositiveInt
    hidden_size: PositiveInt
    intermediate_size: PositiveInt
    num_attention_heads: PositiveInt
    num_hidden_layers: PositiveInt
    max_position_embeddings: PositiveInt
    layer_norm_eps: float
    pad_token_id: int | None = None

    @property
    def first_position(self) -> int:
        """RoBERTa counts a text's tokens from behind the padding's number."""
        return 0 if self.model_type == "bert" else (self.pad_token_id or 0) + 1


class Encoded(NamedTuple):
    """As the encoders of `transformers` answer: texts × tokens × dimensions."""

    last_hidden_state: Tensor


class Layer(nn.Module):
    """Attention, then two linear ones, each added to what came in and normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width, eps = config.hidden_size, config.layer_norm_eps
        self.heads = config.num_attention_heads
        self.asked, self.attended = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, config.intermediate_size), nn.Linear(config.intermediate_size, width)
        self.first, self.second = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        queries, keys, values = self.asked(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=seen)
        x = self.first(x + self.attended(attended.transpose(1, 2).flatten(2)))
        made: Tensor = self.second(x + self.narrow(functional.gelu(self.wide(x))))
        return made


class Bert(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        # Not filled with chance, as an ordinary one is at the price of half a second, before it is loaded.
        self.words = nn.Embedding.from_pretrained(torch.empty(config.vocab_size, config.hidden_size))
        self.positions = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.kinds = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))

    @classmethod
    def load(cls, directory: Path, dtype: torch.dtype = torch.float32) -> Any:  # noqa: ANN401  # torch is untyped here
        """Raises `OSError`, `ValueError`, `RuntimeError`, `SafetensorError`."""
        config = BertConfig.read(directory)
        return filled(cls(config), _named(load_file(directory / WEIGHTS), config.num_hidden_layers), dtype)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Encoded:
        """Texts × tokens; padding behind them, where the mask is 0."""
        first = self.config.first_position
        places = torch.arange(first, first + input_ids.shape[1])
        x = self.norm(self.words(input_ids) + self.positions(places) + self.kinds.weight[0])
        seen = attention_mask.bool()[:, None, None, :]
        for layer in self.layers:
            x = layer(x, seen)
        return Encoded(x)


IN_EMBEDDINGS = {
    "words": "word_embeddings", "positions": "position_embeddings",
    "kinds": "token_type_embeddings", "norm": "LayerNorm",
}  # fmt: skip
IN_LAYER = {
    "attended": "attention.output.dense", "first": "attention.output.LayerNorm",
    "wide": "intermediate.dense", "narrow": "output.dense", "second": "output.LayerNorm",
}  # fmt: skip
ASKED = ("query", "key", "value")


def _named(weights: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """By our names, those that are there. Whole models put their encoder's name before them."""
    weights = {name.removeprefix("bert.").removeprefix("roberta."): weight for name, weight in weights.items()}
    names = {f"embeddings.{theirs}": ours for ours, theirs in IN_EMBEDDINGS.items()}
    for number in range(layers):
        names |= {f"encoder.layer.{number}.{theirs}": f"layers.{number}.{ours}" for ours, theirs in IN_LAYER.items()}
    whole = [(name, *name.rpartition(".")[::2]) for name in weights]
    ours = {f"{names[part]}.{kind}": weights[name] for name, part, kind in whole if part in names}
    for number in range(layers):
        for kind in ("weight", "bias"):
            parts = [f"encoder.layer.{number}.attention.self.{asked}.{kind}" for asked in ASKED]
            if all(part in weights for part in parts):
                ours[f"layers.{number}.asked.{kind}"] = torch.cat([weights[part] for part in parts])
    return ours
