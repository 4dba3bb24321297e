"""The scalers' rule against the worked examples of KEDA's and Kubernetes' documentation, and as it is rendered."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.scaling.controller import SYNC_S, Controller, metric, proposed
from deploy.scaling.rendered import deployed, scaler_of
from deploy.scaling.scaler import DOWN, Policy, Rules, Scaler, Trigger
from deploy.verify.rendering import Thing

ONE = Trigger("worker.case", "work", threshold=5)
PAIR = (ONE.group, ONE.topic)


def scaler(least: int = 1, most: int = 1000, **more: object) -> Scaler:
    return Scaler("worker", least, most, (ONE,), **more)  # type: ignore[arg-type]  # fields by name


def steps(controller: Controller, pods: int, lags: list[int], every: float = SYNC_S) -> list[int]:
    """What it asks for, one look after another; each lag is spread over enough partitions to hold nobody back."""
    asked = []
    for number, lag in enumerate(lags):
        pods = controller.step(number * every, pods, {PAIR: [lag] + [0] * 9999})
        asked.append(pods)
    return asked


def test_keda_lets_no_partition_have_two_pods():
    """keda.sh, Apache Kafka scaler, Notice: no more replicas than partitions; than those with lag where it is so set;
    as many as asked where consumers may be idle."""
    ten = [100] * 10
    assert metric(ONE, ten) == 10 * 5
    assert metric(replace(ONE, allows_idle=True), ten) == 1000
    assert metric(replace(ONE, only_partitions_with_lag=True), [500, 500] + [0] * 8) == 2 * 5
    assert metric(replace(ONE, allows_idle=True, only_partitions_with_lag=True), [500] + [0] * 9) == 5
    assert metric(ONE, [3, 4]) == 7
    assert metric(ONE, [7, 7]) == 14  # less than a threshold above the cap: whole numbers are divided


def test_the_autoscalers_algorithm():
    """kubernetes.io, Horizontal Pod Autoscaling, Algorithm details: twice the target doubles, half of it halves, and a
    ratio within 0.1 of 1 changes nothing."""
    assert proposed(200, 50, 2) == 4
    assert proposed(50, 50, 2) == 1
    assert proposed(109, 50, 2) == 2
    assert proposed(111, 50, 2) == 3
    assert proposed(0, 50, 2) == 0


def test_up_by_the_default_policies():
    """kubernetes.io, Default Behavior, and KEP-853: four pods or twice as many every 15 s, whichever is more."""
    assert steps(Controller(scaler()), 1, [10_000] * 6) == [5, 10, 20, 40, 80, 160]
    assert steps(Controller(scaler(most=12)), 1, [10_000] * 4) == [5, 10, 12, 12]


def test_down_by_two_policies():
    """kubernetes.io, Scaling Policies: four pods or ten per cent a minute; from 80 to 10 by 8, 8 (7.2 rounded up) …, by
    four where that is more."""
    down = Rules(0, (Policy("Pods", 4, 60), Policy("Percent", 10, 60)))
    asked = steps(Controller(scaler(down=down)), 80, [50] * 30, every=60)
    assert asked[:2] == [72, 64]
    below = next(pods for pods in asked if pods < 40)
    assert asked[asked.index(below) :][:3] == [below, below - 4, below - 8]
    assert asked[-1] == 10
    assert steps(Controller(scaler(down=replace(down, select="Min"))), 80, [50] * 3, every=60) == [76, 72, 68]
    assert steps(Controller(scaler(down=replace(down, select="Disabled"))), 80, [50] * 3, every=60) == [80] * 3


def test_down_only_after_the_window_and_no_lower_than_its_highest():
    """kubernetes.io, Stabilization window: the highest recommendation of the last five minutes holds."""
    looks = int(DOWN.stabilization_s / SYNC_S)
    asked = steps(Controller(scaler()), 4, [20] + [5] * (looks + 1))
    assert asked == [4] * looks + [1, 1]
    dips = [20, 5, 5, 20] + [5] * (looks - 1)
    assert steps(Controller(scaler()), 4, dips) == [4] * len(dips)


def test_a_policy_counts_what_was_changed_within_its_period():
    """One pod a minute, looked at every 15 s: autoscaling/v2, HPAScalingPolicy, periodSeconds."""
    slow = Controller(scaler(down=Rules(0, (Policy("Pods", 1, 60),))))
    assert steps(slow, 4, [5] * 9) == [3, 3, 3, 3, 2, 2, 2, 2, 1]


def test_to_nothing_and_back():
    """keda.sh, Scaling Deployments: nothing after the cooldown, one as soon as the lag is above the activation."""
    idle = Scaler("worker", 0, 9, (replace(ONE, activation=3),), cooldown_s=60)
    controller = Controller(idle)
    told = [
        controller.step(now, pods, {PAIR: [lag]}) for now, pods, lag in ((0, 0, 3), (15, 0, 4), (30, 1, 0), (75, 1, 0))
    ]
    assert told == [0, 1, 1, 0]


@given(st.lists(st.integers(0, 3000), max_size=40), st.integers(1, 5), st.integers(0, 20))
def test_never_outside_its_bounds(lags: list[int], least: int, more: int):
    assert all(least <= pods <= least + more for pods in steps(Controller(scaler(least, least + more)), least, lags))


def test_the_rendered_scaler_is_read_whole():
    evidence = deployed("evidence")
    flagged = Trigger("evidence.case", "content.flagged", 3)
    assert flagged in evidence.scaler.triggers
    assert (evidence.scaler.least, evidence.scaler.most) == (2, 12)
    assert evidence.scaler.down == Rules(300, (Policy("Pods", 1, 60),))
    assert evidence.partitions["content.flagged"] == 24
    assert (evidence.settings["HAETAE_CAPTURES_AT_ONCE"], evidence.cpu) == ("2", 0.5)
    lags = {(one.group, one.topic): [0] * 6 for one in evidence.scaler.triggers}
    lags["evidence.case", "content.flagged"] = [1] * 14 + [0] * 10
    assert Controller(evidence.scaler).step(0, 2, lags) == 5


def test_what_is_not_understood_is_refused():
    trigger = {"type": "kafka", "metadata": {"consumerGroup": "a", "topic": "b", "excludePersistentLag": "true"}}
    with pytest.raises(ValueError, match=r"workers\.yaml: one: excludePersistentLag"):
        scaler_of(Thing("test", "workers.yaml", {"metadata": {"name": "one"}, "spec": {"triggers": [trigger]}}), "one")
    with pytest.raises(ValueError, match="cpu"):
        scaler_of(
            Thing("test", "workers.yaml", {"metadata": {"name": "one"}, "spec": {"triggers": [{"type": "cpu"}]}}), "one"
        )
