"""Learning at work: trials go on or end, canaries are a share of the hosts, drift alarms, looks are asked sparingly."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from services.classifier.learning.drift import Window, compare
from services.classifier.learning.panel import Counts, drawn
from services.classifier.learning.registry import Status
from services.classifier.learning.sampling import FEWEST, Candidate, Sampler, Slot
from services.classifier.learning.settings import LearningSettings
from services.classifier.learning.trial import Step, Trial, Wait, decide

SETTINGS = LearningSettings()
LONG = timedelta(hours=25)
SHADOW = Trial(Status.SHADOW, LONG, Counts(10_000, 0, 100, 110, 30), 3, 2)
CANARY = Trial(Status.CANARY, LONG, Counts(30_000, 2_000, 300, 330, 90), 3, 2)


def test_a_trial_takes_one_step_after_the_other() -> None:
    assert decide(SHADOW, SETTINGS).__class__ is Step
    assert getattr(decide(SHADOW, SETTINGS), "status", None) is Status.CANARY
    assert getattr(decide(CANARY, SETTINGS), "status", None) is Status.CHAMPION


@pytest.mark.parametrize(
    "trial",
    [
        replace(SHADOW, since=timedelta(hours=23)),
        replace(SHADOW, counts=replace(SHADOW.counts, texts=9_999)),
        replace(CANARY, since=timedelta(hours=23)),
        replace(CANARY, counts=replace(CANARY.counts, canary=1_999)),
    ],
)
def test_it_waits_for_time_and_texts(trial: Trial) -> None:
    assert isinstance(decide(trial, SETTINGS), Wait)


def test_a_person_may_keep_the_last_step_to_themselves() -> None:
    by_hand = LearningSettings(promote="by_hand")
    assert isinstance(decide(SHADOW, by_hand), Step)
    waits = decide(CANARY, by_hand)
    assert isinstance(waits, Wait)
    assert "haetae models promote" in waits.reason


@pytest.mark.parametrize(
    ("trial", "why"),
    [
        (replace(SHADOW, counts=Counts(10_000, 0, 100, 301, 220)), "flood"),
        (replace(SHADOW, since=timedelta(0), champion_wrong=1, challenger_wrong=8), "contradict"),
        (replace(CANARY, champion_wrong=0, challenger_wrong=5), "contradict"),
    ],
)
def test_it_ends_when_it_floods_or_is_contradicted(trial: Trial, why: str) -> None:
    ended = decide(trial, SETTINGS)
    assert isinstance(ended, Step)
    assert ended.status is Status.RETIRED
    assert why in ended.reason


def test_a_few_more_are_no_flood_and_a_few_wrong_no_proof() -> None:
    early = replace(SHADOW, since=timedelta(0), counts=Counts(50, 0, 0, 15, 15), champion_wrong=0, challenger_wrong=4)
    assert isinstance(decide(early, SETTINGS), Wait)


def test_canary_hosts_are_a_share_and_others_for_another_version() -> None:
    hosts = [f"h{number}.test" for number in range(4_000)]
    chosen = {host for host in hosts if drawn(host, 7) < 0.1}
    assert 330 < len(chosen) < 470
    again = {host for host in hosts if drawn(host, 8) < 0.1}
    assert len(chosen & again) < 80


USUAL = Window(disguised=30, languages=Counter(ko=600, en=300, ja=100), overturned=60, decided=200)


def alarms(now: Window) -> set[str]:
    return {drift.what for drift in compare(USUAL, now) if drift.alarms}


def test_drift_alarms_for_what_changed_and_nothing_else() -> None:
    assert alarms(USUAL) == set()
    assert alarms(replace(USUAL, disguised=110)) == {"disguised"}
    assert alarms(replace(USUAL, languages=Counter(ko=400, en=300, ja=100, vi=200))) == {"languages"}
    assert alarms(replace(USUAL, overturned=110)) == {"overturned"}


def test_of_few_texts_and_verdicts_drift_says_nothing() -> None:
    few = Window(disguised=300, languages=Counter(vi=999), overturned=99, decided=99)
    assert list(compare(USUAL, few)) == []


def candidates(rng: Random, count: int) -> list[Candidate | None]:
    return [Candidate(score := rng.random() * 0.4, score, None, False) for _ in range(count)]


def test_the_highest_the_least_certain_and_some_by_chance_are_proposed() -> None:
    rng = Random(1)
    sampler = Sampler(Random(2))
    sampler.propose(candidates(rng, 1_000))
    high = Candidate(0.49, 0.1, None, False)
    torn = Candidate(0.2, 0.05, 0.9, False)
    assert sampler.propose([high, torn, None]) == [Slot.TOP, Slot.UNCERTAIN, None]
    usual = sampler.propose([Candidate(0.1, 0.1, None, False)] * 2_000)
    assert 8 <= usual.count(Slot.RANDOM) <= 40
    assert set(usual) == {Slot.RANDOM, None}


def test_nobody_is_asked_to_look_at_pictures() -> None:
    sampler = Sampler(Random(2))
    sampler.propose(candidates(Random(1), 1_000))
    assert sampler.propose([Candidate(0.49, 0.49, 0.01, True)] * 500) == [None] * 500


def test_of_too_few_findings_nobody_knows_what_is_high() -> None:
    sampler = Sampler(Random(2))
    assert sampler.propose([Candidate(0.49, 0.49, None, False)] * FEWEST) == [None] * FEWEST


def test_where_all_are_alike_only_chance_asks() -> None:
    sampler = Sampler(Random(2))
    alike: list[Candidate | None] = [Candidate(0.0, 0.0, None, False)] * 1_000
    sampler.propose(alike)
    assert set(sampler.propose(alike)) == {Slot.RANDOM, None}
