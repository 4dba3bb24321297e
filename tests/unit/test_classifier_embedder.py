"""Sentences are embedded as the library embeds them, by encoders that are read here and by those that are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    BertTokenizerFast,
    DistilBertConfig,
    DistilBertModel,
)

from services.classifier.texts import embedder
from services.classifier.texts.embedder import LONGEST, PREFIX, Embedder

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", ":", "the", "lantern", "parcel", "waits", "at", "gate"]
TEXTS = ["the lantern waits", "the parcel waits at the gate at the gate", "gate", "the lantern " * 200]
BERT = BertConfig(
    vocab_size=len(WORDS), hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
    max_position_embeddings=LONGEST, initializer_range=0.5,
)  # fmt: skip
DISTIL = DistilBertConfig(
    vocab_size=len(WORDS), dim=24, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=LONGEST
)
MAKERS: dict[str, Callable[[], Any]] = {
    "read here": lambda: BertModel(BERT, add_pooling_layer=False),
    "of another kind": lambda: DistilBertModel(DISTIL),
}


@pytest.fixture(params=MAKERS)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab=str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    torch.manual_seed(5)
    MAKERS[request.param]().save_pretrained(tmp_path)
    return tmp_path


def by_the_library(directory: Path) -> np.ndarray:
    tokenizer, model = AutoTokenizer.from_pretrained(directory), AutoModel.from_pretrained(directory).eval()
    inputs = tokenizer(
        [PREFIX + text for text in TEXTS], padding=True, truncation=True, max_length=LONGEST, return_tensors="pt",
        return_token_type_ids=False,
    )  # fmt: skip
    with torch.inference_mode():
        hidden = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).float()
    mean = (hidden * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(mean, dim=1).numpy()


@pytest.mark.parametrize(("dtype", "apart"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_it_embeds_as_the_library_does(
    directory: Path, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, apart: float
) -> None:
    monkeypatch.setattr(embedder, "_quicker_type", lambda: dtype)
    assert np.abs(Embedder.load(directory).embed(TEXTS) - by_the_library(directory)).max() < apart
