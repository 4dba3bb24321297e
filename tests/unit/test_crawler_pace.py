"""How fast a host is asked, how long it is left alone, and what a hand of visits does when it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.domain import DAY_S, MOST_INDEX_INTERVALS, PageKind, next_visit
from services.crawler.frontier.in_hand import AT_ONCE, Finished, InHand, Job
from services.crawler.frontier.loading import unlisted
from services.crawler.frontier.outcomes import failed, not_served, settled
from services.crawler.frontier.pace import (
    FAILURES_THAT_BREAK,
    FIRST_PROBE_S,
    LAST_PROBE_S,
    MOST_RETRY_AFTER_S,
    broken_s,
    refused_s,
    retry_after_s,
)
from services.crawler.frontier.pacing import MOST_QUEUE_S, MOST_REST_S, NotNow, Pacer
from services.crawler.visit import Known, Visited
from shared.clock import ManualClock

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.integers(0, 10**9))
def test_seconds_to_wait_are_believed_up_to_an_hour(seconds: int) -> None:
    assert retry_after_s(f" {seconds} ", NOW) == min(seconds, MOST_RETRY_AFTER_S)


@given(st.integers(-(10**6), 10**6))
def test_dates_to_wait_for_are_believed_up_to_an_hour(seconds: int) -> None:
    asked = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_s(asked, NOW) == min(max(0, seconds), MOST_RETRY_AFTER_S)


@given(st.one_of(st.none(), st.text(max_size=60)))
def test_no_header_breaks_or_holds_off_for_longer(value: str | None) -> None:
    assert 0 <= retry_after_s(value, NOW) <= MOST_RETRY_AFTER_S


@pytest.mark.parametrize(
    "value",
    ["", "soon", "-5", "1e9", "Mon, 99 Jan 2026 00:00:00 GMT", "Mon, 1 Jan 99999999999999999999 0:0:0 GMT", "١٢"],
)
def test_what_says_nothing_asks_for_nothing(value: str) -> None:
    assert retry_after_s(value, NOW) == 0


@given(st.integers(1, 10**6), st.floats(0, MOST_RETRY_AFTER_S))
def test_refusals_double_the_rest_and_never_undercut_what_was_asked(refusals: int, asked_s: float) -> None:
    rest_s = refused_s(refusals, asked_s)
    assert asked_s <= rest_s <= MOST_RETRY_AFTER_S
    assert rest_s <= refused_s(refusals + 1, asked_s)


def test_a_host_breaks_after_some_failures_and_is_probed_ever_more_rarely() -> None:
    assert broken_s(FAILURES_THAT_BREAK - 1) == 0
    rests = [broken_s(failures) for failures in range(FAILURES_THAT_BREAK, 100)]
    assert rests[:3] == [FIRST_PROBE_S, 2 * FIRST_PROBE_S, 4 * FIRST_PROBE_S]
    assert rests == sorted(rests)
    assert rests[-1] == LAST_PROBE_S


@given(st.sampled_from([PageKind.INDEX, PageKind.CONTENT]), st.floats(1, DAY_S), st.lists(st.booleans(), max_size=30))
def test_revisits_adapt_within_their_bounds(kind: PageKind, revisit_s: float, changes: Sequence[bool]) -> None:
    interval_s, most_s = 0.0, revisit_s * MOST_INDEX_INTERVALS if kind is PageKind.INDEX else max(DAY_S, revisit_s)
    for changed in changes:
        before, interval_s = interval_s, next_visit(kind, interval_s, changed, revisit_s).after_s
        assert revisit_s <= interval_s <= most_s * 1.001
        if before:
            assert interval_s <= before if changed else interval_s >= before


async def test_a_host_that_refuses_is_left_alone_by_everybody() -> None:
    pacer = Pacer(ManualClock())
    async with pacer.turn("a.test"):
        pacer.refused("a.test", 2 * MOST_REST_S)
    with pytest.raises(NotNow, match=r"a\.test is left alone"):
        async with pacer.turn("a.test"):
            raise AssertionError
    assert pacer.left("a.test").rests_s == 2 * MOST_REST_S


async def test_what_very_many_wait_for_is_not_waited_for_by_more() -> None:
    """Pages with pictures of one server would otherwise hold their own hosts for hours."""
    clock = ManualClock()
    pacer, asked = Pacer(clock), list[bool]()

    async def ask() -> None:
        async with pacer.turn("pictures.test"):
            asked.append(True)

    asking = [asyncio.create_task(ask()) for _ in range(500)]
    await asyncio.sleep(0)
    refused = [task for task in asking if task.done() and isinstance(task.exception(), NotNow)]
    assert MOST_QUEUE_S <= len(asking) - len(refused) <= MOST_QUEUE_S + 2
    for _ in range(100):
        clock.advance(1.0)
        for _ in range(5):
            await asyncio.sleep(0)
    assert len(asked) + len(refused) == len(asking)
    await asyncio.gather(*asking, return_exceptions=True)


async def test_without_its_lease_no_turn_begins() -> None:
    """Also when the lease ran out while the turn was waited for."""
    clock, asked = ManualClock(), list[float]()

    class Lender:
        until = 0.4

        def until_s(self, host: str) -> float:
            return self.until

        async def borrow(self, host: str) -> None:
            asked.append(clock.monotonic())
            self.until = clock.monotonic() + 10

    pacer = Pacer(clock, Lender())
    pacer.set_pace("a.test", 2.0)
    pacer.hold_off("a.test", 0.5)

    async def ask() -> float:
        async with pacer.turn("a.test"):
            return clock.monotonic()

    turn = asyncio.create_task(ask())
    for _ in range(100):
        await asyncio.sleep(0)
        clock.advance(0.01)
    assert asked == [pytest.approx(0.5, abs=0.05)]
    assert await turn == pytest.approx(0.5, abs=0.05)


def known(number: int, host: str = "a.test") -> Known:
    url = f"http://{host}/{number}"
    return Known(url, PageKind.UNKNOWN, NOW, 0, None, None, None, 0, unlisted(host))


class Hand:
    """Visits whose outcome is given, one after the other."""

    def __init__(self, *outcomes: Visited | Exception | None) -> None:
        self.begun, self.rests, self.outcomes = list[str](), dict[str, float](), list(outcomes)
        self.hand = InHand(10, ManualClock(), self.work, self.rests.__setitem__)

    async def work(self, job: Job) -> Visited:
        assert isinstance(job, Known)
        self.begun.append(job.url)
        made = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(made, Exception):
            raise made
        return made or settled(job, PageKind.INDEX, NOW, changed=False, status=200)

    async def take(self, visits: int, failures: int = 0) -> list[Finished]:
        await self.hand.room(1)
        self.hand.begin("a.test", [known(number) for number in range(visits)], failures, {})
        while self.hand._tasks:
            await asyncio.sleep(0)
        return await self.hand.finished(0.1)


async def test_a_hand_is_over_when_all_of_it_is_written_down() -> None:
    hand = Hand()
    done = await hand.take(3)
    assert len(done) == len(hand.begun) == 3
    assert hand.hand.over(done[:2]) == []
    assert hand.hand.over(done) == ["a.test"]
    hand.hand.forget(done, ["a.test"])
    assert len(hand.hand) == 0


async def test_a_host_that_breaks_is_asked_nothing_more() -> None:
    silent = failed(known(0), "refused", 1, NOW, silent=True)
    hand = Hand(silent, silent)
    done = await hand.take(10, failures=FAILURES_THAT_BREAK - 1)
    assert len(hand.begun) <= AT_ONCE
    assert max(hand.rests.values()) >= FIRST_PROBE_S
    assert done[-1].failures >= FAILURES_THAT_BREAK


async def test_an_answer_ends_the_row_of_failures() -> None:
    done = await Hand(None, failed(known(1), "refused", 1, NOW, silent=True)).take(3, failures=4)
    assert [one.failures for one in done] == [0, 1, 0]


async def test_a_host_that_wants_rest_gets_it_from_the_rest_of_the_hand() -> None:
    hand = Hand(*[not_served(known(number), 429, NOW) for number in range(AT_ONCE)])
    await hand.take(10)
    assert len(hand.begun) <= AT_ONCE


async def test_a_visit_that_could_not_be_made_now_is_not_written_down() -> None:
    hand = Hand(NotNow("a.test", "is busy"), NotNow("a.test", "is busy"))
    assert await hand.take(5) == []
    assert hand.hand.over(()) == ["a.test"]
