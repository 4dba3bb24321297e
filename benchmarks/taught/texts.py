"""The stand-in texts that the run is about: few to start with, a frozen set, and a stream that reviewers judge."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from sandbox.training import examples, must
from services.classifier.learning.training import Example, HeldOut, train

FEW = 60  # texts in seven languages: a model of them is little better than chance
FROZEN, CALIBRATING = 1_000, 200


@dataclass(frozen=True)
class Texts:
    """`few`: what the weak model was trained on."""

    few: list[Example]
    frozen: list[Example]
    stream: list[Example]


def weak_model(out: Path, seed: int, per_language: int) -> Texts:
    """Train it into `out`: neutral sentences of the sandbox's grammar, in which a made-up cue is what is sought."""
    pool = examples(seed, per_language)
    Random(seed).shuffle(pool)
    few, calibrating, frozen, stream = (
        pool[start:end] for start, end in pairwise((0, FEW, FEW + CALIBRATING, FEW + CALIBRATING + FROZEN, len(pool)))
    )
    texts = Texts(few, frozen, stream)
    held_out = HeldOut(frozen, calibrating, must(seed))
    train(few, out, seed, provenance="A weak model, on purpose.", held_out=held_out)
    return texts
