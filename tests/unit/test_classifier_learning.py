"""Learning: a head fitted again with verdicts, what each verdict counts for, and the gate that compares two heads."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.learning.bags import bags_of, joined
from services.classifier.learning.corpus import FILE, Corpus, CorpusUnusable
from services.classifier.learning.fitting import Lesson, fit
from services.classifier.learning.gate import RECENT_ECE, Exam, judge
from services.classifier.learning.heads import Head, HeadUnusable
from services.classifier.learning.metrics import error_by_chance, expected_calibration_error
from services.classifier.learning.retraining import Retrained, retrain
from services.classifier.learning.taught import Labelled, readable
from services.classifier.learning.training import Example
from services.classifier.learning.trust import Vote, weigh
from services.classifier.texts.ngrams import Grams
from services.classifier.texts.normalise import skeleton
from services.classifier.texts.text_model import TextModel
from tests.support.learning import verdicts, weak_model


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Example]]:
    out = tmp_path_factory.mktemp("weak")
    return out, weak_model(out)


@pytest.fixture(scope="module")
def head(weak: tuple[Path, list[Example]]) -> Head:
    return Head.of_directory(weak[0])


@pytest.fixture(scope="module")
def corpus(weak: tuple[Path, list[Example]]) -> Corpus:
    return Corpus.read(weak[0])


def taught_by(weak: tuple[Path, list[Example]], champion: Head, given_: list[Labelled]) -> Retrained:
    return retrain(str(weak[0]), json.dumps(dict(champion.config)), champion.safetensors, given_)


def loaded(made: Retrained) -> Head:
    return Head.of(json.loads(made.config), made.weights, "it")


@pytest.fixture(scope="module")
def better(weak: tuple[Path, list[Example]], head: Head) -> Retrained:
    return taught_by(weak, head, verdicts(head, weak[1][:400]))


def test_right_verdicts_raise_the_figure_and_pass_the_gate(better: Retrained) -> None:
    assert better.passed, better.reason
    assert better.figures["frozen_ap"] > better.figures["frozen_before"] + 0.2
    assert better.figures["frozen_low"] > 0
    assert "passed" in better.card
    assert "reviewer-" not in better.card


def test_random_labels_are_refused(weak: tuple[Path, list[Example]], head: Head, better: Retrained) -> None:
    rng, champion = Random(1), loaded(better)
    noise = [replace(one, label=rng.random() < 0.5) for one in verdicts(head, weak[1][400:800])]
    refused = taught_by(weak, champion, [*verdicts(head, weak[1][:40]), *noise])
    assert not refused.passed
    assert "frozen" in refused.reason


def test_the_same_verdicts_again_are_no_better(weak: tuple[Path, list[Example]], head: Head, better: Retrained) -> None:
    again = taught_by(weak, loaded(better), verdicts(head, weak[1][:400]))
    assert again.weights == better.weights
    assert not again.passed
    assert "no better" in again.reason


def test_labels_of_one_kind_teach_what_the_base_and_they_say(weak: tuple[Path, list[Example]], head: Head) -> None:
    """Rejections alone: the base still has both labels, so there is a lesson; the gate decides."""
    rejected = [replace(one, label=False) for one in verdicts(head, weak[1][:200])]
    assert not taught_by(weak, head, rejected).passed


def test_features_of_another_shape_or_none_are_left_out(head: Head, weak: tuple[Path, list[Example]]) -> None:
    (one,) = verdicts(head, weak[1][:1])
    assert len(readable([one, replace(one, features=b"damaged")], head.grams)) == 1
    assert readable([one], Grams(18, 3, 80, 40)) == []


def test_a_head_scores_as_the_model_does(
    weak: tuple[Path, list[Example]], head: Head, corpus: Corpus, better: Retrained
) -> None:
    made = loaded(better)
    model = TextModel.from_parts(made.config, made.safetensors)
    texts = [one.text for one in weak[1][:50]]
    bags = bags_of([made.grams.passages(skeleton(text)) for text in texts], [True] * 50, [""] * 50, [""] * 50)
    assert made.probabilities(bags) == pytest.approx(model.score(texts), abs=1e-5)
    assert head.probabilities(corpus.frozen)[:5] != pytest.approx(made.probabilities(corpus.frozen)[:5], abs=1e-3)
    assert torch.get_num_threads() == 1


def test_a_gate_refuses_what_lost_a_language(corpus: Corpus, better: Retrained) -> None:
    """A head that is as good but for one language, whose texts it has upside down."""
    champion = loaded(better)
    frozen = corpus.frozen
    thai = np.array(frozen.languages) == "th"
    turned = replace(frozen, labels=frozen.labels ^ thai)
    lesson = Lesson(joined([turned, corpus.base]), np.ones(len(turned) + len(corpus.base)))
    verdict = judge(champion, fit(champion, lesson, corpus.calibrating), exam(corpus))
    assert not verdict.passed
    assert any(not check.passed and check.name == "frozen language th" for check in verdict.checks)


def test_a_gate_refuses_what_forgets_what_must_be_right(corpus: Corpus, better: Retrained) -> None:
    champion = loaded(better)
    blunt = replace(champion, config={**champion.config, "calibration_shift": -20.0})
    checks = {check.name: check for check in judge(champion, blunt, exam(corpus)).checks}
    assert not checks["must"].passed
    assert not checks["frozen ece"].passed
    assert checks["frozen"].passed  # the order of its scores is the same


def test_a_gate_holds_the_chance_of_few_texts_against_nobody(corpus: Corpus, better: Retrained) -> None:
    """Labels come true exactly as often as the challenger says, on as few texts as recent verdicts are; the champion
    says of each text how many of all come true, and nothing more."""
    challenger, few = loaded(better), corpus.frozen.take(np.arange(100))
    said = challenger.probabilities(few)
    few = replace(few, labels=np.random.default_rng(5).random(100) < said)
    share = few.labels.mean()
    champion = replace(
        challenger,
        config={
            **challenger.config,
            "calibration_scale": 1e-9,
            "calibration_shift": float(np.log(share / (1 - share))),
        },
    )
    checks = {one.name: one for one in judge(champion, challenger, replace(exam(corpus), recent=few)).checks}
    assert expected_calibration_error(said, few.labels) > RECENT_ECE
    assert checks["recent ece"].passed


@pytest.mark.parametrize("texts", [100, 1_000, 20_000])
def test_what_chance_makes_of_a_calibration_error(texts: int) -> None:
    rng = np.random.default_rng(texts)
    scores = rng.random(texts)
    measured = [expected_calibration_error(scores, rng.random(texts) < scores) for _ in range(100)]
    assert error_by_chance(scores) == pytest.approx(np.mean(measured), rel=0.1)
    assert error_by_chance(np.empty(0)) == 0.0


def test_without_enough_to_measure_on_nothing_passes(corpus: Corpus, head: Head, better: Retrained) -> None:
    few = corpus.frozen.take(np.arange(12))
    verdict = judge(head, loaded(better), replace(exam(corpus), frozen=few))
    assert not verdict.passed
    assert "too few texts" in verdict.reason


def exam(corpus: Corpus) -> Exam:
    return Exam(corpus.frozen, corpus.disguised, corpus.must, corpus.frozen.take(np.arange(0)))


def test_damaged_files_are_named(weak: tuple[Path, list[Example]], head: Head, tmp_path: Path) -> None:
    with pytest.raises(CorpusUnusable, match=r"learning\.npz is missing.*train it"):
        Corpus.read(tmp_path)
    (tmp_path / FILE).write_bytes(b"no archive")
    with pytest.raises(CorpusUnusable, match="cannot be read"):
        Corpus.read(tmp_path)
    for weights in (b"", b"no weights", head.safetensors[:-8]):
        with pytest.raises(HeadUnusable, match="the head"):
            Head.of(head.config, weights, "the head")
    with pytest.raises(HeadUnusable, match="verdicts teach only"):
        Head.of({**head.config, "model_type": "bert"}, head.safetensors, "the head")
    broken = replace(head, weights=np.full_like(head.weights, np.nan))
    with pytest.raises(HeadUnusable, match="no numbers"):
        Head.of(head.config, broken.safetensors, "the head")


passages = st.lists(st.lists(st.integers(0, 63), max_size=9), min_size=1, max_size=4)


@given(st.lists(passages, min_size=1, max_size=6))
def test_bags_are_what_was_put_in(texts: list[list[list[int]]]) -> None:
    arrays = [[np.array(bag, np.int64) for bag in bags] for bags in texts]
    bags = bags_of(arrays, [True] * len(texts), ["en"] * len(texts), ["c"] * len(texts))
    both = joined([bags, bags.take(np.arange(len(texts))[::-1])])
    for place, text in enumerate([*texts, *texts[::-1]]):
        one = both.take(np.array([place]))
        assert [list(bag) for bag in np.split(one.grams, one.ends[:-1])] == text
    weights = np.random.default_rng(1).normal(size=64).astype(np.float32)
    head = Head(weights, 0.5, {"calibration_scale": 1.0, "calibration_shift": 0.0})
    wanted = [max(sum(weights[gram] for gram in bag) / max(len(bag), 1) ** 0.5 + 0.5 for bag in text) for text in texts]
    assert head.logits(bags) == pytest.approx(wanted, abs=1e-5)
    highest = bags.highest(head.passage_logits(bags), 1)
    assert head.logits(highest) == pytest.approx(wanted, abs=1e-5)
    assert len(highest.ends) == len(texts)


def votes(*said: tuple[str, bool, str]) -> list[Vote]:
    return [Vote(text.encode(), label, reviewer) for text, label, reviewer in said]


def test_copies_count_once_and_contested_texts_not_at_all() -> None:
    trust = weigh(
        votes(("a", True, "x"), ("a", True, "y"), ("b", True, "x"), ("b", False, "y"), ("c", False, "z")), {}, 99
    )
    assert trust.weights.tolist() == [0.5, 0.5, 0, 0, 1]
    assert trust.contested == 1


def test_a_clear_majority_settles_a_text() -> None:
    trust = weigh(votes(("a", True, "x"), ("a", True, "y"), ("a", True, "z"), ("a", False, "w")), {}, 99)
    assert trust.weights.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    assert trust.contested == 0


def test_who_is_wrong_about_golden_texts_is_not_learned_from() -> None:
    golden = {f"g{number}".encode(): number % 2 == 0 for number in range(6)}
    bad = [(text.decode(), not label, "bad") for text, label in golden.items()]
    good = [(text.decode(), label, "good") for text, label in golden.items()]
    trust = weigh(votes(*bad, *good, ("a", True, "bad"), ("b", True, "good")), golden, 99)
    assert trust.distrusted == ("bad",)
    assert trust.weights.tolist() == [0.0] * 12 + [0, 1]  # golden texts examine, they do not teach


def test_nobody_alone_outvotes_the_rest() -> None:
    trust = weigh(votes(*((f"t{number}", True, "one") for number in range(300)), ("u", False, "two")), {}, 100)
    assert trust.weights[:300].sum() == pytest.approx(0.25 * 401, rel=1e-6)
    assert trust.weights[300] == 1
