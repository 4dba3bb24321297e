"""Grooming early warning: alarms on generated dialogues whose phrasing training never saw, beside simpler ways.

Ours is trained in the run, on the training grammar. Figures: `latency_f1` (F1 times 1 minus the median latency penalty,
p = 0.0078), `erde` at 5, 10 and 50 turns, both counted from the first cue of whoever leads (definitions and sources in
`services/classifier/conversations/evaluation.py`), false alarms per 1,000 harmless conversations, share alarmed before
the first request to meet, precision and recall of each stage's turns; by language. One dialogue in ten is harmful.

Beside it: a list of keywords (1 and 4 hits), one judgement of the whole conversation at its end, and of our own parts
the readable sum and n-grams alone. The stand-ins are neutral: the figures compare ways, and promise nothing of real
chats.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from threadpoolctl import threadpool_limits

from benchmarks.dialogues.peers import Alarm, keywords, whole
from benchmarks.harness import Figure, alone
from sandbox.dialogues.grammar import LANGUAGES, Half
from sandbox.dialogues.training import COUNT, labelled
from services.classifier.conversations.evaluation import Figures, evaluate, figures
from services.classifier.conversations.examples import LabelledConversation
from services.classifier.conversations.model import ConversationModel
from services.classifier.conversations.training import train

SEED = 11
TRAINING, QUICK_TRAINING = COUNT, 200  # of each language
UNSEEN, QUICK_UNSEEN = 1_000, 200
EMBEDDING = Path("var/models/embedding")


def measure(quick: bool, home: Path) -> Figure:
    del home  # nothing is kept
    training = list(labelled(Half.TRAINING, SEED, QUICK_TRAINING if quick else TRAINING, 0.35))
    unseen = list(labelled(Half.UNSEEN, SEED, QUICK_UNSEEN if quick else UNSEEN, 0.1))
    embedding = EMBEDDING if (EMBEDDING / "config.json").exists() else None
    with TemporaryDirectory() as folder, threadpool_limits(1):
        train(training, unseen[:1], Path(folder), SEED, version="benchmark", provenance="", embedding=embedding)
        ours = ConversationModel.load(Path(folder), embedding)
        parts = {
            "readable_sum": evaluate(ConversationModel.load(Path(folder), embedding, network=False), unseen),
            "ngrams_alone": evaluate(ConversationModel.load(Path(folder), None), unseen),
        }
        peers = {
            "keywords_1": _figures(keywords(training, 1), unseen),
            "keywords_4": _figures(keywords(training, 4), unseen),
            "whole_conversation": _figures(whole(training), unseen),
        }
        shown = evaluate(ours, unseen)
        by_language = {one: evaluate(ours, [c for c in unseen if c.language == one]) for one in LANGUAGES}
    return Figure(
        name="grooming",
        unit="latency-weighted F1 on dialogues of unseen phrasing",
        ours=shown.latency_f1,
        peers={name: found.latency_f1 for name, found in {**peers, **parts}.items()},
        floor=None,
        lower_is_better=False,
        bound_by="which stage a turn of new phrasing is: the encoder",
        detail={
            "reading": ours.reading,
            "ours": asdict(shown),
            "by_language": {one: _brief(found) for one, found in by_language.items()},
            "beside": {name: _brief(found) for name, found in {**peers, **parts}.items()},
        },
        against="whole_conversation",
        ratios={"ratio_keywords": "keywords_4"},
    )


def _figures(alarm: Alarm, unseen: Sequence[LabelledConversation]) -> Figures:
    return figures([(one, alarm(one)) for one in unseen], {})


def _brief(found: Figures) -> dict[str, object]:
    return {name: value for name, value in asdict(found).items() if name not in ("stages", "conversations", "harmful")}


if __name__ == "__main__":
    alone(measure)
