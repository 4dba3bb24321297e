"""The schedule of a chaos run."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.recovery import LONGEST_S, Recovery, by_kind
from chaos.schedule import ROUND_S, Kind, schedule
from services import SERVICES

SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.floats(ROUND_S, 1_200))
def test_a_seed_is_one_schedule_in_order_of_time(seed: int, seconds: float) -> None:
    plan = schedule(seed, seconds)
    assert plan == schedule(seed, seconds)
    assert [one.at_s for one in plan] == sorted(one.at_s for one in plan)
    assert all(0 <= one.at_s <= seconds for one in plan)


@given(SEEDS)
def test_ten_minutes_kill_every_service_thirty_times_and_hold_every_kind(seed: int) -> None:
    plan = schedule(seed, 600)
    killed = Counter(one.target for one in plan if one.kind in (Kind.KILL, Kind.POINT))
    assert all(killed[service] >= 30 for service in SERVICES)
    assert {one.kind for one in plan} == {*Kind}
    for kind in (Kind.FREEZE, Kind.CLOCK):
        assert {one.target for one in plan if one.kind is kind} == {*SERVICES}


@given(SEEDS)
def test_nobody_is_killed_while_standing_still(seed: int) -> None:
    plan = schedule(seed, 600)
    for still in (one for one in plan if one.kind is Kind.FREEZE):
        others = [one for one in plan if one.target == still.target and one.kind in (Kind.KILL, Kind.POINT)]
        assert not [one for one in others if still.at_s <= one.at_s <= still.at_s + still.seconds]


def test_less_than_a_round_is_refused() -> None:
    with pytest.raises(ValueError, match="seconds: 10 is too short"):
        schedule(1, 10)


def test_recovery_is_told_by_kind() -> None:
    times = [(Kind.KILL, float(second)) for second in range(1, 11)] + [(Kind.FREEZE, 2.0), (Kind.FREEZE, None)]
    assert by_kind(times) == {
        Kind.FREEZE: Recovery(2, 2.0, LONGEST_S, LONGEST_S, 1),
        Kind.KILL: Recovery(10, 5.0, 10.0, 10.0, 0),
    }
