"""No mailbox and no domain gets more than its budget in any hour or day, whatever asks for it when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.delivery.budget import DAY, HOUR, Allowances, Budget

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BUDGET = Budget(gap_s=1.0, mailbox_per_hour=3, mailbox_per_day=5, domain_per_hour=4, domain_per_day=9)
BOX, DOMAIN = "abuse@host.test", "@host.test"


def ago(**more):
    return NOW - timedelta(**more)


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ([], 3),
        ([ago(minutes=10)], 2),
        ([ago(seconds=0.5)], 0),
        ([ago(minutes=10), ago(minutes=20), ago(minutes=59)], 0),
        ([ago(minutes=10), ago(minutes=20), ago(minutes=60)], 1),
        ([ago(hours=2)] * 4, 1),
        ([ago(hours=2)] * 5, 0),
    ],
)
def test_what_is_left_for_a_mailbox(before, left):
    assert Allowances(BUDGET, [(BOX, at) for at in before], NOW).left([BOX]) == left


def test_the_domain_is_a_limit_for_all_of_its_mailboxes():
    left = Allowances(BUDGET, [(DOMAIN, ago(minutes=number)) for number in range(3)], NOW)
    assert left.left([BOX, DOMAIN]) == 1
    left.take([BOX, DOMAIN])
    assert left.left(["other@host.test", DOMAIN]) == 0
    assert left.closed([BOX, DOMAIN]) == {BOX: NOW + timedelta(seconds=1), DOMAIN: ago(minutes=2) + HOUR}


def test_a_day_closes_for_longer_than_an_hour():
    times = [(BOX, ago(hours=hours)) for hours in (20, 18, 6, 4, 2)]
    assert Allowances(BUDGET, times, NOW).free_at(BOX) == ago(hours=20) + DAY


@given(st.lists(st.integers(0, 7200), max_size=60), st.integers(1, 4), st.integers(1, 8))
def test_no_window_ever_holds_more(waits, an_hour, a_day):
    """Mails asked for after these waits in seconds; each is sent if anything is left."""
    budget = Budget(gap_s=0, mailbox_per_hour=an_hour, mailbox_per_day=a_day)
    now, sent = NOW, []
    for wait in waits:
        now += timedelta(seconds=wait)
        left = Allowances(budget, [(BOX, at) for at in sent if at > now - DAY], now)
        assert (left.left([BOX]) > 0) == (left.free_at(BOX) <= now)
        if left.left([BOX]):
            sent.append(now)
    for window, most in ((HOUR, an_hour), (DAY, a_day)):
        assert all(sum(at <= other < at + window for other in sent) <= most for at in sent)
