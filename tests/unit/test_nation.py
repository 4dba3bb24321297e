"""The simulation: against queues whose answer is known, and against the storm that was lived through."""

import random
from dataclasses import replace

import pytest

from benchmarks.nationwide.chain import Day, day
from benchmarks.nationwide.cost import besides, carries, full_first, pods_cost, standing_cost
from benchmarks.nationwide.drawing import Panel, drawn
from benchmarks.nationwide.load import DAY_S, Load
from benchmarks.nationwide.model import model
from benchmarks.nationwide.stage import Draw, Outcome, Stage, simulate
from deploy.scaling.rendered import OVERLAY
from deploy.scaling.scaler import Scaler, Trigger
from deploy.verify.rendering import render

LOAD = Load(10, 20_000, 0.1, 0.6, 22, 20, 60, 10, 0.5)


def stage(pods: int = 1, partitions: int = 1, at_once: int = 1, seconds: float = 1.0, most: int | None = None) -> Stage:
    rule = Scaler("worker", pods, most or pods, (Trigger("worker.case", "work", 10),))
    return Stage(rule, "work", partitions, at_once, Draw(seconds, seconds), 0.0, 0.0)


def waits(of: Stage, arrivals: list[tuple[float, int]]) -> list[float]:
    began = {which: at for at, which in arrivals}
    out = simulate(of, arrivals, random.Random(1), 0.0)
    assert sorted(which for _, which in out.finished) == sorted(began)
    return [at - began[which] for at, which in out.finished]


def test_a_queue_whose_mean_wait_is_known():
    """M/D/1 (Pollaczek and Khinchine): at half of its capacity, a record of one second takes 1.5 s on average."""
    source, at = random.Random(3), 0.0
    arrivals = [(at := at + source.expovariate(0.5), number) for number in range(20_000)]
    took = waits(stage(), arrivals)
    assert sum(took) / len(took) == pytest.approx(1.5, rel=0.05)


@pytest.mark.parametrize(
    ("pods", "partitions", "at_once", "in_hand"), [(1, 6, 2, 2), (3, 6, 2, 6), (6, 6, 2, 6), (6, 3, 1, 3)]
)
def test_no_more_in_hand_than_partitions_and_than_pods_may(pods, partitions, at_once, in_hand):
    arrivals = [(0.0, number) for number in range(600)]
    turns = iter(range(600))
    of = stage(pods, partitions, at_once)
    out = simulate(of, arrivals, random.Random(1), 0.0, lambda _: next(turns) % partitions)
    assert out.finished[-1][0] == pytest.approx(600 / in_hand)


def test_more_pods_when_there_is_more_and_less_after():
    arrivals = [(number / 10, number) for number in range(600)]
    out = simulate(replace(stage(1, 8, most=8), start_s=20.0, rebalance_s=3.0), arrivals, random.Random(1), 3600.0)
    assert len(out.finished) == 600
    assert max(seen.pods for seen in out.seen) == 8
    assert out.seen[-1].pods == 1
    assert next(seen.at for seen in out.seen if seen.reading > 1) >= 15 + 20  # asked for at the second look
    assert out.pod_hours < 8


def test_a_day_has_its_findings_and_loses_none():
    of = day(LOAD, [stage(4, 12, 1, 0.01), stage(6, 6, 2, 0.4)], 0.25, seed=1)
    assert of.found == pytest.approx(20_000 * (1 + 10 / 24), rel=0.03)
    stormy = sum(LOAD.rate(20 * 3600 + at) for at in range(3600))
    usual = sum(LOAD.rate(float(at)) for at in range(86_400)) - stormy
    assert of.flagged == len(of.waits) == pytest.approx(0.1 * usual + 0.5 * stormy, rel=0.04)
    assert min(seconds for _, seconds in of.waits) == pytest.approx(3 * 0.25 + 0.01 + 0.4)
    assert LOAD.rate(22 * 3600) == pytest.approx(LOAD.mean * 1.6)
    assert all(0 <= at < DAY_S for at, _ in of.waits)


def test_pictures_are_whole():
    svg = drawn("a < b", "hour", [Panel("pods", [("one", [(0, 1), (2, 3)])], stepped=True), Panel("none", [])], 24)
    assert "a &lt; b" in svg
    assert svg.count("<path") > 4
    assert "H" in svg


def test_the_model_is_what_is_rendered_and_its_arithmetic_is_right():
    rendered = render(OVERLAY)
    made = model(rendered)
    nation, (_, evidence, _) = made.loads["nation"], made.stages
    in_hand = min(evidence.partitions, evidence.scaler.most * evidence.at_once)
    assert carries(evidence) == pytest.approx(in_hand / evidence.seconds.mean)
    assert carries(made.instead()[1]) == pytest.approx(6 / evidence.seconds.mean)
    assert next(name for name, _ in full_first(nation, made.stages)) == "evidence"
    beside = besides(nation, made.told)
    assert beside["crawler_cores"] == pytest.approx((20_000 * 100 + 10_000 * 12) * 0.002 / DAY_S, abs=0.001)
    assert beside["officials"] == pytest.approx(10_000 * 60 / (6 * 3600), abs=0.1)
    one_pod = Outcome(pod_hours=24.0)
    cost = pods_cost(Day(0, 0, [], {"evidence": one_pod}), made)
    assert cost == pytest.approx(24 * (0.5 * 0.04 + 0.75 * 0.005))
    assert standing_cost(rendered, made) > cost
