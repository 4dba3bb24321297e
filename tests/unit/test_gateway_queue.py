"""The order of review: what moves a case up, that the order keeps, and that nothing starves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway import queue
from services.gateway.queue import HARM, PROMISE, REPORTED_PROMISE, Known, factors, order, priority

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PLAIN = Known("suspected_text", risk=0.5, known=False, urgency=0.0, copies=0, pictures=0, since=NOW)
CATEGORIES = (*HARM, "suspected_text", "another", None)

known = st.builds(
    Known,
    category=st.sampled_from(CATEGORIES),
    risk=st.floats(0, 1),
    known=st.booleans(),
    urgency=st.floats(0, 1),
    copies=st.integers(0, 500),
    pictures=st.integers(0, 40),
    since=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # bounds are naive
    reported=st.booleans(),
)


def rank(case: Known) -> float:
    return order(factors(case), case.since, case.due)


def points(case: Known, now: datetime = NOW) -> float:
    return priority(factors(case), case.since, case.due, now).points


@given(known, known, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_the_stored_order_is_the_order_of_points_at_any_moment(one: Known, other: Known, later: timedelta) -> None:
    now = max(one.since, other.since) + later
    assert points(one, now) - points(other, now) == pytest.approx((rank(one) - rank(other)) * queue.SCALE, abs=1e-6)


@given(known, st.floats(0, 1), st.integers(0, 100), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_more_of_anything_never_moves_a_case_back(case: Known, more: float, number: int, longer: timedelta) -> None:
    here = rank(case) - 1e-9
    assert rank(replace(case, risk=min(1.0, case.risk + more))) >= here
    assert rank(replace(case, urgency=min(1.0, case.urgency + more))) >= here
    assert rank(replace(case, copies=case.copies + number)) >= here
    assert rank(replace(case, pictures=max(0, case.pictures - number))) >= here
    assert rank(replace(case, since=case.since - longer)) >= here
    assert rank(replace(case, known=True)) >= here
    assert rank(replace(case, reported=True)) >= here


@given(known, known)
def test_after_the_promise_no_new_case_comes_before_it(old: Known, fresh: Known) -> None:
    promised = REPORTED_PROMISE if old.reported else PROMISE
    fresh = replace(fresh, since=old.since + promised + timedelta(seconds=1), reported=False)
    assert rank(old) > rank(fresh)


@given(known)
def test_points_are_what_their_parts_say_and_a_fresh_case_has_a_hundred_at_most(case: Known) -> None:
    shown = priority(factors(case), case.since, case.due, case.since)
    assert shown.points == pytest.approx(sum(shown.parts.values()))
    assert min(shown.parts.values()) >= 0
    assert 0 <= shown.points <= 100 + 1e-9


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # A threat with a person who can be found, before known content that nobody is found by.
        (replace(PLAIN, category="threatened", risk=0.8, urgency=0.9), replace(PLAIN, category="known_content")),
        # The same on thirty places, before one of a little more risk on one.
        (replace(PLAIN, risk=0.6, copies=30), replace(PLAIN, risk=0.7)),
        # Text alone before eight unknown pictures of the same harm: looking costs.
        (replace(PLAIN, category="trade_offer"), replace(PLAIN, category="trade_offer", pictures=8)),
        # A picture that a bank knows costs a glance.
        (replace(PLAIN, known=True, pictures=4), replace(PLAIN, risk=0.99, pictures=4)),
        # Five hours of waiting weigh as much as four times the harm.
        (replace(PLAIN, since=NOW - timedelta(hours=5)), replace(PLAIN, category="minor_apparent")),
        # Who reported it herself, before what a machine found at the same time.
        (replace(PLAIN, reported=True, risk=0.1), replace(PLAIN, category="known_content", risk=0.9)),
    ],
)
def test_worked_examples(first: Known, second: Known) -> None:
    assert rank(first) > rank(second)


def test_what_has_no_order_yet_has_no_points() -> None:
    assert queue.priority_of(None, None, None, NOW).points == 0
    kept = queue.stored(factors(PLAIN))
    assert queue.priority_of(kept, PLAIN.since, PLAIN.due, NOW).points == points(PLAIN)
