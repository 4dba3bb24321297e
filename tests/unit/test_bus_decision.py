"""What to do with a failure: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.decision import BUG_RETRIES, FIRST_BACKOFF_S, LONGEST_BACKOFF_S, Park, Policy, Retry, Stop, decide
from shared.events import Undecodable
from shared.failures import Rejected, Transient

POLICY = Policy()
FULL = POLICY.dead_letter_limit


@given(attempt=st.integers(1, 10**9), jitter=st.floats(0, 1), parked=st.integers(0, 100))
def test_what_may_pass_is_tried_for_ever_within_the_longest_wait(attempt: int, jitter: float, parked: int) -> None:
    match decide(Transient("away"), attempt, parked, POLICY, jitter):
        case Retry(after_s):
            assert FIRST_BACKOFF_S / 2 <= after_s <= LONGEST_BACKOFF_S
        case other:
            pytest.fail(str(other))


def test_the_wait_doubles_up_to_its_longest() -> None:
    waits = [decide(Transient("away"), attempt, 0, POLICY) for attempt in range(1, 12)]
    assert waits[:4] == [Retry(0.1), Retry(0.2), Retry(0.4), Retry(0.8)]
    assert waits[-1] == Retry(LONGEST_BACKOFF_S)


def test_the_other_side_may_ask_for_a_longer_wait_but_not_for_a_shorter_one() -> None:
    assert decide(Transient("busy", after_s=120), 1, 0, POLICY) == Retry(120)
    assert decide(Transient("busy", after_s=0), 20, 0, POLICY) == Retry(LONGEST_BACKOFF_S)


def test_a_bug_is_tried_a_few_times_then_put_aside_with_its_name() -> None:
    assert isinstance(decide(KeyError("x"), BUG_RETRIES, 0, POLICY), Retry)
    assert decide(KeyError("x"), BUG_RETRIES + 1, 0, POLICY) == Park("KeyError: 'x'")


@pytest.mark.parametrize("failure", [Rejected("never"), Undecodable("no such type")])
def test_what_can_never_be_handled_is_put_aside_at_once(failure: Exception) -> None:
    assert isinstance(decide(failure, 1, FULL - 1, POLICY), Park)


@pytest.mark.parametrize(("failure", "attempt"), [(Rejected("never"), 1), (KeyError("x"), BUG_RETRIES + 1)])
def test_past_the_limit_the_service_stops_and_says_why(failure: Exception, attempt: int) -> None:
    match decide(failure, attempt, FULL, POLICY):
        case Stop(reason):
            assert f"{FULL} records" in reason
            assert type(failure).__name__ in reason
        case other:
            pytest.fail(str(other))
