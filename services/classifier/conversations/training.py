"""Trains a conversation model from labelled conversations, and measures it on others."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from services.classifier.conversations.card import card
from services.classifier.conversations.cue_training import Corpus, fit, unseen_probabilities
from services.classifier.conversations.cues import LETTERS, MEANING
from services.classifier.conversations.evaluation import Figures, evaluate
from services.classifier.conversations.examples import LabelledConversation, texts_of
from services.classifier.conversations.model import ConversationModel, save
from services.classifier.conversations.sequence_training import train_risk
from services.classifier.texts.embedder import Embedder

Report = Callable[[str], None]


def train(
    conversations: Sequence[LabelledConversation],
    unseen: Sequence[LabelledConversation],
    out_dir: Path,
    seed: int,
    *,
    version: str,
    provenance: str,
    embedding: Path | None = None,
    report: Report = lambda _: None,
) -> Mapping[str, Figures]:
    """Write config, weights, metrics.json and MODEL_CARD.md into `out_dir`; return the figures on `unseen`, by reading.

    The risk is trained on what the cue model says of phrasings that it was not trained on: one that is always sure
    would teach it to trust every turn. Raises `ValueError` when a stage, or one of the two kinds, is missing.
    """
    if len({one.harmful for one in conversations}) < 2:
        raise ValueError("conversations: all harmful or all harmless; give some of both")
    torch.set_num_threads(1)
    with threadpool_limits(1):  # threads of the linear algebra wait for one another: eight times as long on two cores
        return _train(conversations, unseen, out_dir, Random(seed), _Told(version, provenance, seed), embedding, report)


@dataclass(frozen=True)
class _Told:
    """What the model's card says of where it comes from."""

    version: str
    provenance: str
    seed: int


def _train(
    conversations: Sequence[LabelledConversation],
    unseen: Sequence[LabelledConversation],
    out_dir: Path,
    rng: Random,
    told: _Told,
    embedding: Path | None,
    report: Report,
) -> Mapping[str, Figures]:
    texts = texts_of(conversations)
    corpus = Corpus.of(texts, Embedder.load(embedding) if embedding else None, rng)
    report(f"{len(texts)} different turns read")
    cues = fit(corpus, np.ones(len(texts), bool))
    risks = {}
    for reading, probabilities in unseen_probabilities(corpus).items():
        risks[reading] = train_risk(conversations, probabilities, rng)
        report(f"risk trained on {reading}")
    save(out_dir, told.version, cues, risks)
    readings = {LETTERS: replace(cues, meaning=None, embedder=None), MEANING: cues}
    figures = {
        reading: evaluate(ConversationModel(told.version, reading, readings[reading], rated), unseen)
        for reading, (rated, _) in risks.items()
    }
    (out_dir / "metrics.json").write_text(json.dumps({name: asdict(f) for name, f in figures.items()}, indent=2) + "\n")
    (out_dir / "MODEL_CARD.md").write_text(card(told.provenance, len(conversations), told.seed, figures))
    return figures
