"""Sentence embeddings, from an encoder directory as `transformers` writes it (multilingual E5)."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Self
from weakref import WeakValueDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.classifier.texts.bert import KINDS, Bert
from services.classifier.texts.encoders import writable
from services.classifier.texts.normalise import clean
from services.classifier.texts.text_model import ModelUnusable
from services.classifier.weights import loaded, model_type

PREFIX = "query: "  # E5's own, for symmetric tasks (Wang et al. 2024, "Multilingual E5 text embeddings")
LONGEST = 128  # tokens: a passage of the n-gram model has 30 to 60, a chat message fewer
LONGEST_TEXT = 2_000  # characters that can be so many tokens: cutting first keeps the tokenizer from reading megabytes
BATCH = 16
# Half precision is three times as fast where the processor multiplies it (AMX) and slower where it does not; it changes
# a cosine by 3e-5. Which it is, is measured at start-up on a product of these sides: two passages' tokens, a layer's.
TRIAL, TRIES = (64, 384, 1536), 3

Floats = NDArray[np.float32]


class Embedder:
    """Threads take turns: its tokenizer is not safe in two. `fingerprint`: of the weights; a head belongs to one of
    them."""

    _loading: ClassVar[Lock] = Lock()
    _in_use: ClassVar[WeakValueDictionary[tuple[Path, int], Any]] = WeakValueDictionary()

    def __init__(self, tokenizer: Any, encoder: Any, fingerprint: str) -> None:  # noqa: ANN401  # torch is untyped here
        self._tokenizer, self._encoder, self.fingerprint = tokenizer, encoder, fingerprint
        self._turn = Lock()
        self.width = int(encoder.config.hidden_size)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """From a local directory: safetensors only, no code of the model's own, no network. One that is in use
        already is shared: it takes half a gigabyte, and seconds to load. Raises `ModelUnusable`."""
        with cls._loading:
            weights = directory / "model.safetensors"
            name = directory.absolute(), weights.stat().st_mtime_ns if weights.is_file() else 0
            found: Self | None = cls._in_use.get(name)
            if found is None:
                found = cls._in_use[name] = cls._load(directory)
            return found

    @classmethod
    def _load(cls, directory: Path) -> Self:
        torch.set_num_threads(1)  # processes are the unit of scaling
        try:
            dtype = _quicker_type()
            ours = model_type(directory) in KINDS
            encoder = Bert.load(directory, dtype) if ours else _other(directory).to(dtype)
            tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
            tokenizer.enable_truncation(LONGEST)
            tokenizer.enable_padding(pad_id=encoder.config.pad_token_id or 0)
            return cls(tokenizer, encoder, fingerprint(directory))
        except Exception as error:  # whatever a foreign directory makes the libraries raise
            raise ModelUnusable(
                f"HAETAE_EMBEDDING_MODEL: {directory} holds no encoder that can be loaded ({error}); `make models`"
                " makes one, and without the setting n-grams decide alone"
            ) from error

    def embed(self, texts: Sequence[str]) -> Floats:
        """Texts × dimensions, each row of length 1."""
        with self._turn:
            return self._in_turn(texts)

    def _in_turn(self, texts: Sequence[str]) -> Floats:
        rows = np.zeros((len(texts), self.width), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), BATCH):
            few = order[start : start + BATCH]
            rows[few] = self._embed([texts[place] for place in few])
        return rows

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # torch is untyped here
    def _embed(self, texts: Sequence[str]) -> Floats:
        read = self._tokenizer.encode_batch([PREFIX + writable(clean(text[:LONGEST_TEXT])) for text in texts])
        ids, seen = torch.tensor([one.ids for one in read]), torch.tensor([one.attention_mask for one in read])
        hidden = self._encoder(input_ids=ids, attention_mask=seen).last_hidden_state.float()
        mask = seen.unsqueeze(-1).float()
        mean = (hidden * mask).sum(1) / mask.sum(1)
        embedded: Floats = torch.nn.functional.normalize(mean, dim=1).numpy()
        return embedded


def _other(directory: Path) -> Any:  # noqa: ANN401  # transformers is untyped here
    """An encoder of another kind."""
    from transformers import AutoModel
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    disable_progress_bar()
    set_verbosity_error()  # else it tells on every start that a pooler, which nobody asks, is missing
    return loaded(AutoModel, directory, spare="pooler.")


def _quicker_type() -> torch.dtype:
    return min((torch.float32, torch.bfloat16), key=_product_s)


def _product_s(dtype: torch.dtype) -> float:
    """The shortest of several, after a first one that allocates."""
    tokens, width, inner = TRIAL
    left, right = torch.ones(tokens, width, dtype=dtype), torch.ones(width, inner, dtype=dtype)
    took = []
    for _ in range(1 + TRIES):
        begun = time.perf_counter()
        torch.mm(left, right)
        took.append(time.perf_counter() - begun)
    return min(took[1:])


def fingerprint(directory: Path) -> str:
    """SHA-256 of the weights."""
    with (directory / "model.safetensors").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
