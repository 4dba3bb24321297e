"""Gone is told after two looks that agree, and nothing else has to wait."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.removals.looks import settled
from services.crawler.removals.removal import least_favourable
from services.crawler.visit import Check
from shared.events.values import Probe, ProbeOutcome
from tests.support.findings import finding

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
APART = timedelta(minutes=5)
GONE = ProbeOutcome.GONE


def probe(outcome: ProbeOutcome = GONE, at: datetime = AT, exit: str = "", url: str = "http://a.test/1") -> Probe:
    return Probe(url=url, vantage="honest", status=404, outcome=outcome, why="", seen_at=at, exit=exit)


def check(*earlier: Probe) -> Check:
    return Check(UUID(int=1), UUID(int=2), 2, finding(), None, earlier)


def test_the_first_look_is_told_to_nobody() -> None:
    look = (probe(),)
    done = settled(check(), look, AT, APART)
    assert (done.again_at, done.look) == (AT + APART, look)


def test_the_second_look_confirms_with_both_proofs() -> None:
    first, second = probe(at=AT - APART), probe()
    done = settled(check(first), (second,), AT, APART)
    assert (done.outcome, done.again_at, done.probes, done.look) == (GONE, None, (first, second), (second,))


def test_a_look_that_comes_too_soon_waits_for_the_same_moment() -> None:
    first = probe(at=AT - timedelta(minutes=1))
    done = settled(check(first), (probe(),), AT, APART)
    assert (done.again_at, done.look) == (AT + timedelta(minutes=4), (first,))


def test_a_look_from_the_future_is_none() -> None:
    """A clock that was wrong by a year must not put off the answer by one."""
    look = (probe(),)
    done = settled(check(probe(at=AT + timedelta(days=365))), look, AT, APART)
    assert (done.again_at, done.look) == (AT + APART, look)


def test_two_exits_that_agree_need_no_second_look() -> None:
    assert settled(check(), (probe(), probe(exit="kr")), AT, APART).again_at is None
    one_of_two = (probe(), probe(exit="kr"), probe(url="http://a.test/1.jpg"))
    assert settled(check(), one_of_two, AT, APART).again_at is not None


@pytest.mark.parametrize("outcome", [outcome for outcome in ProbeOutcome if outcome is not GONE])
def test_everything_else_is_told_at_once_and_begins_anew(outcome: ProbeOutcome) -> None:
    probes = (probe(outcome), probe())
    done = settled(check(probe(at=AT - APART)), probes, AT, APART)
    assert (done.outcome, done.again_at, done.probes, done.look) == (outcome, None, probes, ())


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 600)), max_size=30))
def test_gone_always_has_two_looks_in_a_row_far_enough_apart(looks: list[tuple[bool, int]]) -> None:
    """The row of looks of one case, over several checks."""
    now, earlier, row = AT, (), list[datetime]()
    for is_gone, later_s in looks:
        now += timedelta(seconds=later_s)
        row = [*row, now] if is_gone else []
        probes = (probe(GONE if is_gone else ProbeOutcome.PRESENT, now),)
        done = settled(check(*earlier), probes, now, APART)
        earlier = done.look
        if done.again_at is None and done.outcome is GONE:
            assert any(now - before >= APART for before in row[:-1])
            assert least_favourable(done.probes) is GONE
        assert (done.again_at is not None) <= is_gone
