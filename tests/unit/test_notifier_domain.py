"""Attempts, schedules and removal proofs as pure decisions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import ATTEMPTS, LONGEST_WAIT_S, Accepted, Bounce, Failed, Retry, Sent, decide, wait
from services.notifier.removal.schedule import parse_schedule
from services.notifier.removal.watching import Next, Rhythm, Verified, Watch, follow, gone
from services.notifier.settings import SCHEDULE, Settings
from shared.events.values import Probe, ProbeOutcome
from tests.support.approvals import KEY

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RHYTHM = Rhythm((3.0, 5.0, 8.0), confirm_after=2.0)


def at(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("outcome", "attempt", "decision"),
    [
        (Accepted("250 kept"), 1, Sent("250 kept")),
        (Accepted("250\r\nkept\x00"), 9, Sent("250 kept")),
        (Failed("451 later"), 1, Retry(at(5), "451 later")),
        (Failed("451 later"), 2, Retry(at(10), "451 later")),
        (Failed("451 later"), 3, Bounce("given up after 3 attempts: 451 later")),
        (Failed("550 unknown", final=True), 1, Bounce("550 unknown")),
    ],
)
def test_an_attempt_ends_in_a_receipt_another_attempt_or_an_alarm(outcome, attempt, decision):
    assert decide(outcome, attempt, 3, NOW) == decision


def test_attempts_get_rarer_and_end_within_a_day():
    waits = [wait(attempt) for attempt in range(1, ATTEMPTS)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_S
    assert sum(waits) < 24 * 3600
    assert wait(10**6) == LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("text", "waits"),
    [("3,3,5", (3, 3, 5)), (" 1.5 , 2x3", (1.5, 2, 2, 2)), ("60", (60,)), ("0.1x2,7", (0.1, 0.1, 7))],
)
def test_a_schedule_is_read(text, waits):
    assert parse_schedule(text) == waits


@pytest.mark.parametrize(
    "text", ["", "3,,5", "0", "3x0", "-1", "daily", "3x", "3x99999", "1x9999,1x9999", "inf", "3,5,"]
)
def test_a_wrong_schedule_is_refused_with_the_cure(text):
    with pytest.raises(ValueError, match=r"SECONDSxTIMES|at most"):
        parse_schedule(text)


def test_the_real_schedule_is_hours_then_days_then_weeks():
    rhythm, moment, due = Rhythm(parse_schedule(SCHEDULE), 600), NOW, []
    for number in range(1, 36):
        moment = rhythm.due(number, moment)
        due.append((moment - NOW) / timedelta(hours=1))
    assert due[:5] == [1, 6, 24, 48, 72]
    assert due[32:] == [31 * 24, 31 * 24 + 168, 31 * 24 + 336]


@pytest.mark.parametrize(
    ("watch", "is_gone", "checked_at", "expected"),
    [
        # still there: the next check by the schedule, whose last step repeats
        (Watch(1), False, at(0), Next(Watch(2, step=2), at(5))),
        (Watch(2, step=2), False, at(0), Next(Watch(3, step=3), at(8))),
        # a check that was lost used up no step
        (Watch(2), False, at(0), Next(Watch(3, step=2), at(5))),
        (Watch(9, step=9), False, at(0), Next(Watch(10, step=10), at(8))),
        # gone for the first time: confirmed soon, not by the schedule
        (Watch(1), True, at(-1), Next(Watch(2, 1, at(-1)), at(2))),
        # gone again: far enough apart or not
        (Watch(2, 1, at(-2)), True, at(0), Verified(at(-2), 2)),
        (Watch(2, 1, at(-60)), True, at(0), Verified(at(-60), 2)),
        (Watch(2, 1, at(-1)), True, at(0), Next(Watch(3, 2, at(-1)), at(1))),
        (Watch(3, 2, at(-2)), True, at(0), Verified(at(-2), 3)),
        # first seen gone by a clock that was ahead: the row starts anew
        (Watch(2, 1, at(9_999)), True, at(0), Next(Watch(3, 1, at(0)), at(2))),
        # there again in between: the row starts anew
        (Watch(2, 1, at(-60)), False, at(0), Next(Watch(3, step=2), at(5))),
    ],
)
def test_what_a_check_leads_to(watch, is_gone, checked_at, expected):
    assert follow(watch, is_gone, checked_at, NOW, RHYTHM) == expected


def probe(outcome):
    return Probe(url="http://a.test/1", vantage="honest", status=404, outcome=outcome, why="")


@pytest.mark.parametrize("outcome", list(ProbeOutcome))
def test_only_an_outcome_with_its_probes_proves_a_removal(outcome):
    is_gone = outcome is ProbeOutcome.GONE
    assert gone(outcome, (probe(outcome), probe(outcome))) is is_gone
    assert not gone(outcome, ())
    assert not gone(outcome, (probe(ProbeOutcome.GONE), probe(ProbeOutcome.SOFT_404)))
    assert gone(outcome, (probe(ProbeOutcome.GONE),)) is is_gone


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 30)), max_size=30))
def test_a_removal_always_has_two_proofs_in_a_row_far_enough_apart(answers):
    watch, now, row = Watch(), NOW, []
    for is_gone, later in answers:
        now += timedelta(seconds=later)
        row = [*row, now] if is_gone else []
        match follow(watch, is_gone, now, now, RHYTHM):
            case Verified(first_gone_at):
                assert first_gone_at == row[0]
                assert len(row) >= 2
                assert row[-1] - row[0] >= timedelta(seconds=RHYTHM.confirm_after)
                return
            case Next(following, due_at):
                assert following.awaited == watch.awaited + 1
                assert following.gone_in_a_row == len(row)
                assert due_at >= now
                watch = following


def settings(**more):
    needed = {"database_url": "postgresql+psycopg://x", "kafka_bootstrap": "x:1", "approval_key": KEY}
    return Settings(**needed, smtp_host="mail.test", **more)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"check_schedule": "soon"}, "SECONDSxTIMES"),
        ({"smtp_username": "u", "smtp_password": "p"}, "HAETAE_SMTP_TLS"),
        ({"mail_from": "nobody"}, "mail_from"),
        ({"agency_name_en": "A\r\nBcc: b@c.test"}, "agency_name_en"),
        ({"smtp_tls": "perhaps"}, "smtp_tls"),
    ],
)
def test_wrong_settings_are_named(wrong, says):
    with pytest.raises(ValueError, match=says):
        settings(**wrong)


def test_the_lease_outlasts_a_submission():
    assert settings(smtp_seconds=7).lease_seconds() > 2 * 7
