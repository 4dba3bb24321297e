"""One training: verdicts and the shipped model in, a challenger and the gate's verdict on it out. Pure; in a child
process, so that the service goes on meanwhile."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from services.classifier.learning.bags import Bags, Places, joined
from services.classifier.learning.corpus import Corpus
from services.classifier.learning.gate import Exam, GateVerdict, judge
from services.classifier.learning.heads import Head
from services.classifier.learning.model_card import retrained_card
from services.classifier.learning.taught import Labelled, Taught, bags_of_verdicts, digest_of, readable
from services.classifier.learning.trust import Trust, Vote, weigh

# Of ten texts two are never fitted to and examine each model. Of those that chance chose two more calibrate; others may
# not: whom reviewers are shown is mostly what is likely, and scores calibrated on it were 0.2 off on all others. By
# digest: copies stay together.
TENTHS, EXAMINED, CALIBRATING = 10, (0, 1), (2, 3)
MOST_RECENT = 1000  # verdicts that examine; older ones say what was once looked for


@dataclass(frozen=True)
class Retrained:
    """`config`: JSON. `weights`: safetensors. `figures`: the gate's. `reason`: in a sentence."""

    config: str
    weights: bytes
    passed: bool
    reason: str
    figures: dict[str, float]
    card: str


def retrain(directory: str, champion_config: str, champion_weights: bytes, labelled: list[Labelled]) -> Retrained:
    """`directory`: of the shipped model. `labelled`: in the order of the verdicts.

    Raises `CorpusUnusable`, `HeadUnusable`, `NotConverged`, and `ValueError` when there is too little to learn from.
    """
    from services.classifier.learning.fitting import Lesson, fit  # its libraries take a second to import

    shipped, corpus = Head.of_directory(Path(directory)), Corpus.read(Path(directory))
    champion = Head.of(json.loads(champion_config), champion_weights, "the champion")
    taught = readable(labelled, shipped.grams)
    votes = [Vote(one.digest, one.verdict.label, one.verdict.reviewer) for one in taught]
    trust = weigh(votes, _golden(corpus), len(corpus.base))
    verdicts, parts = bags_of_verdicts(taught), _parts(taught, trust)
    lesson = Lesson(
        joined([corpus.base, verdicts.take(parts.fitted)]),
        np.concatenate([np.ones(len(corpus.base)), trust.weights[parts.fitted]]),
    )
    challenger = fit(shipped, lesson, joined([corpus.calibrating, verdicts.take(parts.calibrating)]))
    seen = _by_language(shipped, verdicts, parts.fitted)
    challenger = replace(challenger, config={**challenger.config, "labelled": seen})
    exam = Exam(corpus.frozen, corpus.disguised, corpus.must, verdicts.take(parts.examined))
    verdict = judge(champion, challenger, exam)
    return Retrained(
        json.dumps(dict(challenger.config)),
        challenger.safetensors,
        verdict.passed,
        verdict.reason,
        verdict.figures,
        _card(verdict, trust, verdicts, len(labelled), len(parts.fitted)),
    )


@dataclass(frozen=True)
class _Parts:
    """Places of the verdicts that count, by what they are for."""

    fitted: Places
    calibrating: Places
    examined: Places


def _parts(taught: Sequence[Taught], trust: Trust) -> _Parts:
    tenth = np.array([one.digest[0] % TENTHS for one in taught], np.int64)
    counts, examined = trust.weights > 0, np.isin(tenth, EXAMINED)
    calibrating = np.isin(tenth, CALIBRATING) & np.array([one.verdict.by_chance for one in taught], np.bool_)
    return _Parts(
        np.flatnonzero(counts & ~examined & ~calibrating),
        np.flatnonzero(counts & calibrating),
        np.flatnonzero(counts & examined)[-MOST_RECENT:],
    )


def _golden(corpus: Corpus) -> dict[bytes, bool]:
    """Texts whose label is known: who meets them in the queue is measured by them."""
    must, golden = corpus.must, {}
    for place in range(len(must)):
        text = must.take(np.array([place]))
        golden[digest_of(np.split(text.grams.astype(np.int64), text.ends[:-1]))] = bool(text.labels[0])
    return golden


def _by_language(shipped: Head, verdicts: Bags, fitted: Places) -> dict[str, int]:
    """How many labelled texts of each language the head has seen."""
    before = Counter(shipped.config.get("labelled") or {})
    return dict(before + Counter(verdicts.languages[place] for place in fitted))


def _card(verdict: GateVerdict, trust: Trust, verdicts: Bags, given: int, fitted: int) -> str:
    return retrained_card(
        checks=[(check.says, check.passed) for check in verdict.checks],
        given=given,
        fitted=fitted,
        positives=int(verdicts.labels.sum()),
        contested=trust.contested,
        distrusted=len(trust.distrusted),
    )
