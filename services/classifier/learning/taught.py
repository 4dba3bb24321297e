"""Verdicts with what was kept of their texts, as bags. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.learning.bags import Bags, bags_of
from services.classifier.texts.features import FeaturesInvalid, decode
from services.classifier.texts.ngrams import Buckets, Grams


@dataclass(frozen=True)
class Labelled:
    """A verdict and the features of its text, as `texts.features` encodes them. `by_chance`: nothing but chance chose
    the text to be looked at."""

    features: bytes
    label: bool
    language: str
    category: str
    reviewer: str
    by_chance: bool = False


@dataclass(frozen=True)
class Taught:
    """The same, read. `digest`: of the passages, the same for copies of a text."""

    verdict: Labelled
    passages: tuple[Buckets, ...]
    digest: bytes


def readable(labelled: Sequence[Labelled], grams: Grams) -> list[Taught]:
    """In their order. Features of a model that cut texts differently teach this one nothing: they are left out."""
    read = []
    for verdict in labelled:
        try:
            features = decode(verdict.features)
        except FeaturesInvalid:
            continue
        if features.grams == grams and features.passages:
            read.append(Taught(verdict, features.passages, digest_of(features.passages)))
    return read


def bags_of_verdicts(taught: Sequence[Taught]) -> Bags:
    return bags_of(
        [one.passages for one in taught],
        [one.verdict.label for one in taught],
        [one.verdict.language for one in taught],
        [one.verdict.category for one in taught],
    )


def digest_of(passages: Sequence[Buckets]) -> bytes:
    """Of the passages, in whatever order they were kept."""
    each = sorted(hashlib.sha256(np.sort(bag).astype("<i8").tobytes()).digest() for bag in passages)
    return hashlib.sha256(b"".join(each)).digest()
