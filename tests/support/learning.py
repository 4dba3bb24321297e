"""A weak text model, and texts that verdicts could be given on: neutral stand-ins of the sandbox's corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np

from sandbox.training import examples, must
from services.classifier.learning.bags import bags_of
from services.classifier.learning.heads import Head
from services.classifier.learning.taught import Labelled
from services.classifier.learning.training import Example, HeldOut, train
from services.classifier.texts.features import TextFeatures, encode
from services.classifier.texts.normalise import skeleton

FEW = 60  # texts in seven languages: a model of them is little better than chance


def weak_model(out: Path, frozen: int = 400, few: int = FEW) -> list[Example]:
    """Train one into `out`, measured on `frozen` texts; returns texts that it has not seen."""
    pool = examples(1, 250)
    Random(3).shuffle(pool)
    testing, calibrating, rest = (
        pool[few : few + frozen],
        pool[few + frozen : few + frozen + 100],
        pool[few + frozen + 100 :],
    )
    train(pool[:few], out, 1, provenance="A weak model.", held_out=HeldOut(testing, calibrating, must(1)))
    return rest


def verdicts(head: Head, texts: Sequence[Example], reviewers: int = 5) -> list[Labelled]:
    """Right verdicts on them, given in turns."""
    return [
        Labelled(features(head, one.text), one.label, one.language, "suspected_text", f"reviewer-{place % reviewers}")
        for place, one in enumerate(texts)
    ]


def features(head: Head, text: str) -> bytes:
    """As the reader keeps them: the three passages that the model rates highest."""
    passages = head.grams.passages(skeleton(text))
    logits = head.passage_logits(bags_of([passages], [False], [""], [""]))
    highest = np.argsort(-logits, kind="stable")[:3]
    kept = tuple(passages[place] for place in highest)
    return encode(TextFeatures("", head.grams, kept, tuple(float(logits[place]) for place in highest)))
