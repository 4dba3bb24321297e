"""Trains the n-gram model: a logistic regression over the highest passage of each text, then its calibration.

Which passage of a text matters is not labelled: the text's logit is the maximum of its passages' (multiple-instance
learning), so that training and scoring ask the same question.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor, nn

from services.classifier.learning.bags import Bags, bags_of, joined
from services.classifier.learning.corpus import Corpus
from services.classifier.learning.disguises import disguised
from services.classifier.learning.heads import Head
from services.classifier.learning.metrics import Metrics, by_language, measure, platt
from services.classifier.learning.model_card import model_card
from services.classifier.texts.ngram_model import NgramConfig, NgramModel
from services.classifier.texts.ngrams import Grams
from services.classifier.texts.normalise import skeleton
from services.classifier.texts.text_model import TextModel

EPOCHS = 4  # after that the held-out figures stay
BATCH = 64
LEARNING_RATE = 0.02  # weights start at 0 and a text has hundreds of n-grams: larger overshoots, smaller needs epochs
WEIGHT_DECAY = 0.05  # without it the weights of separable examples grow for ever
SCRAMBLED_SHARE = 0.3
CALIBRATION_SHARE, TEST_SHARE = 0.1, 0.15
# Kept as features for learning from verdicts (`corpus`). Frozen: 1,000 texts settle a difference of 0.05 in average
# precision at 95 %, 500 hardly, 200 not. Base: a sample of what was learned is enough to rehearse it.
FROZEN_TEXTS, BASE_TEXTS, CALIBRATING_TEXTS = 1000, 2000, 300
BASE_PASSAGES = 2  # of each, the highest: what else a long text says is nearly all harmless and known
CATEGORY = "text"


@dataclass(frozen=True)
class Example:
    text: str
    label: bool
    language: str


@dataclass(frozen=True)
class HeldOut:
    """What is not trained on: `testing` measures this model and its successors, `calibrating` makes probabilities of
    their scores; where these are empty, a part of the examples is taken. `must`: what no successor may have wrong."""

    testing: Sequence[Example] = ()
    calibrating: Sequence[Example] = ()
    must: Sequence[Example] = ()


NOTHING_HELD_OUT = HeldOut()
Report = Callable[[str], None]


def train(
    examples: Sequence[Example],
    out_dir: Path,
    seed: int,
    *,
    provenance: str,
    held_out: HeldOut = NOTHING_HELD_OUT,
    report: Report = lambda _: None,
) -> dict[str, Metrics]:
    """Train on the examples and write model, metrics.json, MODEL_CARD.md and learning.npz into `out_dir`.

    `provenance` says in the model card what the examples are. The same examples and seed give the same model. Returns
    the metrics on held-out examples: of each language, of "all", and of "disguised" (all of them, obfuscated).
    Raises `ValueError` when one of the labels is missing.
    """
    if len({example.label for example in examples}) < 2:
        raise ValueError("examples: all have the same label; give some that should be flagged and some harmless ones")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = Random(seed)
    fitting, held_out = _split(examples, held_out, rng)
    config = NgramConfig(labelled=dict(Counter(example.language for example in fitting)))
    model = NgramModel(config)
    _fit(model, _learning_set(fitting, config.grams(), rng), rng, report)
    mixed = _bags([*held_out.calibrating, *_disguised(held_out.calibrating, rng)], config.grams())
    scale, shift = _calibrate(model, mixed)
    config.model_copy(update={"calibration_scale": scale, "calibration_shift": shift}).write(out_dir, model)
    metrics = _evaluate(TextModel.load(out_dir), held_out.testing, rng)
    (out_dir / "metrics.json").write_text(json.dumps({name: vars(m) for name, m in metrics.items()}, indent=2) + "\n")
    (out_dir / "MODEL_CARD.md").write_text(model_card(provenance, len(examples), seed, metrics))
    _corpus(Head.of_directory(out_dir), fitting, held_out, rng).write(out_dir)
    return metrics


def _split(examples: Sequence[Example], given: HeldOut, rng: Random) -> tuple[list[Example], HeldOut]:
    """What is fitted to, and what is not."""
    shuffled = rng.sample(examples, len(examples))
    calibration = 0 if given.calibrating else int(len(examples) * CALIBRATION_SHARE)
    test = 0 if given.testing else int(len(examples) * TEST_SHARE)
    calibrating, testing = shuffled[:calibration], shuffled[calibration : calibration + test]
    return shuffled[calibration + test :], HeldOut(
        given.testing or testing, given.calibrating or calibrating, given.must
    )


def _disguised(examples: Sequence[Example], rng: Random) -> list[Example]:
    return [Example(disguised(example.text, rng), example.label, example.language) for example in examples]


def _learning_set(examples: Sequence[Example], grams: Grams, rng: Random) -> Bags:
    """Each example as it is and once disguised; some of them scrambled, which makes them harmless: what a model has
    never read, and letters alone, must not raise a score."""
    some = rng.sample(examples, int(len(examples) * SCRAMBLED_SHARE))
    nonsense = [Example(_scrambled(example.text, rng), False, example.language) for example in some]
    return _bags([*examples, *_disguised(examples, rng), *nonsense], grams)


def _scrambled(text: str, rng: Random) -> str:
    return "".join(rng.sample(text, len(text)))


def _bags(examples: Sequence[Example], grams: Grams) -> Bags:
    return bags_of(
        [grams.passages(skeleton(example.text)) for example in examples],
        [example.label for example in examples],
        [example.language for example in examples],
        [CATEGORY] * len(examples),
    )


def _corpus(head: Head, fitting: Sequence[Example], held_out: HeldOut, rng: Random) -> Corpus:
    sample = rng.sample(fitting, min(len(fitting), BASE_TEXTS))
    base = joined([_bags(sample, head.grams), _bags(_disguised(sample, rng), head.grams)])
    frozen, calibrating = held_out.testing[:FROZEN_TEXTS], held_out.calibrating[:CALIBRATING_TEXTS]
    return Corpus(
        base=base.highest(head.passage_logits(base), BASE_PASSAGES),
        calibrating=_bags([*calibrating, *_disguised(calibrating, rng)], head.grams),
        frozen=_bags(frozen, head.grams),
        disguised=_bags(_disguised(frozen, rng), head.grams),
        must=_bags(held_out.must, head.grams),
    )


def _fit(model: NgramModel, bags: Bags, rng: Random, report: Report) -> None:
    order = list(range(len(bags.labels)))
    steps = EPOCHS * -(-len(order) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for epoch in range(EPOCHS):
        rng.shuffle(order)
        losses = []
        for start in range(0, len(order), BATCH):
            few = order[start : start + BATCH]
            batch = bags.take(np.array(few))
            loss = nn.functional.binary_cross_entropy_with_logits(
                _logits(model, batch), torch.from_numpy(batch.labels).float()
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        report(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.4f}")


def _logits(model: NgramModel, bags: Bags) -> Tensor:
    """The highest passage's logit of each text."""
    grams, offsets = torch.from_numpy(bags.grams), torch.from_numpy((bags.ends - bags.sizes).astype(np.int32))
    logits = model(grams, offsets).logits[:, 0]
    return torch.full((len(bags),), -torch.inf).scatter_reduce(0, torch.from_numpy(bags.owners), logits, "amax")


def _calibrate(model: NgramModel, bags: Bags) -> tuple[float, float]:
    with torch.inference_mode():
        logits = _logits(model, bags)
    return platt(logits.double().numpy(), bags.labels)


def _evaluate(model: TextModel, examples: Sequence[Example], rng: Random) -> dict[str, Metrics]:
    hidden = _disguised(examples, rng)
    labels = np.array([example.label for example in examples])
    scores = np.array(model.score([example.text for example in examples]))
    return {
        **by_language(scores, labels, [example.language for example in examples]),
        "all": measure(scores, labels),
        "disguised": measure(np.array(model.score([example.text for example in hidden])), labels),
    }
