"""What is kept of a flagged text to learn from: the n-gram buckets of its highest passages, never its words.

Kept as bytes: safetensors (buckets sorted, as differences), deflated; about a kilobyte a passage. The order of the
n-grams is lost and buckets are shared by many, but who has a guess can test it: kept like personal data, and not for
longer than learning needs it.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from services.classifier.texts.ngrams import Buckets, Grams
from services.classifier.texts.normalise import Forms
from services.classifier.texts.text_model import TextModel
from shared.failures import Rejected

HIGHEST = 3  # passages: the phrase that decided is in one of them, and the neighbours overlap it
MAX_BYTES = 4 * 1024 * 1024  # unpacked; three passages are a few tens of kilobytes


class FeaturesInvalid(Rejected):
    """These bytes are no features of a text."""


@dataclass(frozen=True)
class TextFeatures:
    """`passages`: bags of buckets, the highest first, and their `logits` under the model of that time. `language`: ""
    where unknown. `grams`: how the text was cut; models of another shape cannot learn from it."""

    language: str
    grams: Grams
    passages: tuple[Buckets, ...]
    logits: tuple[float, ...]


def encode(features: TextFeatures) -> bytes:
    tensors: dict[str, np.ndarray[Any, Any]] = {
        "logits": np.array(features.logits, np.float32),
        "grams": np.array(_numbers(features.grams), np.uint32),
        "language": np.frombuffer(features.language.encode(), np.uint8),
        **{f"passage{place}": _differences(bag) for place, bag in enumerate(features.passages)},
    }
    return zlib.compress(save(tensors))


def decode(data: bytes) -> TextFeatures:
    """Raises `FeaturesInvalid`."""
    try:
        unpacking = zlib.decompressobj()
        unpacked = unpacking.decompress(data, MAX_BYTES)
        if not unpacking.eof:
            raise ValueError(f"cut off, or more than {MAX_BYTES} bytes")
        tensors = load(unpacked)
        grams = Grams(*map(int, tensors["grams"]))
        passages = tuple(
            np.cumsum(tensors[f"passage{place}"].astype(np.int64)) for place in range(len(tensors["logits"]))
        )
        if any(len(bag) and bag[-1] >= 2**grams.buckets_log2 for bag in passages):
            raise ValueError(f"a bucket beyond 2**{grams.buckets_log2}")
        return TextFeatures(
            tensors["language"].tobytes().decode(),
            grams,
            passages,
            tuple(float(logit) for logit in tensors["logits"]),
        )
    except (zlib.error, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise FeaturesInvalid(f"features: not as `encode` writes them: {error}") from error


def _numbers(grams: Grams) -> Sequence[int]:
    return grams.buckets_log2, grams.longest, grams.window, grams.stride


def _differences(bag: Buckets) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    return np.diff(np.sort(bag), prepend=0).astype(np.uint32)


def of_text(model: TextModel, text: Forms, language: str | None) -> bytes:
    """The features of a text's highest passages; empty for a model that has no n-grams."""
    if model.grams is None:
        return b""
    highest = model.highest(text, HIGHEST)
    bags, logits = tuple(passage.buckets for passage in highest), tuple(passage.logit for passage in highest)
    return encode(TextFeatures(language or "", model.grams, bags, logits))
