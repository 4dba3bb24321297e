"""Alarms, order of review, durations: the gateway's small decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.domain import Alarm, Facts, NoticeState, alarm_of, notice_state, timeline
from services.gateway.pages import duration
from services.gateway.texts import Texts
from shared.events import Verdict
from shared.events.values import ProbeOutcome

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DRAFTED = Facts(found_at=NOW, sealed_at=NOW, drafted_at=NOW)
SENT, BOUNCED = NoticeState.SENT, NoticeState.BOUNCED


@pytest.mark.parametrize(
    ("facts", "notices", "outcome", "alarm"),
    [
        (DRAFTED, [NoticeState.DRAFTED], None, None),
        (DRAFTED, [], None, Alarm.NO_RECIPIENT),
        (DRAFTED, [SENT], ProbeOutcome.SOFT_404, Alarm.PRETENDED_REMOVAL),
        (DRAFTED, [SENT], ProbeOutcome.REPLACED, Alarm.REPLACED),
        (DRAFTED, [SENT], ProbeOutcome.UNREACHABLE, None),
        (DRAFTED, [SENT], ProbeOutcome.WALLED, None),
        (Facts(found_at=NOW, failed_at=NOW), [], None, Alarm.EVIDENCE_FAILED),
        (Facts(found_at=NOW, failed_at=NOW, sealed_at=NOW), [], None, None),
        (Facts(drafted_at=NOW, decided_at=NOW, verdict=Verdict.REJECTED), [], None, None),
        (Facts(drafted_at=NOW, removed_at=NOW), [SENT], ProbeOutcome.SOFT_404, None),
    ],
)
def test_alarm(facts: Facts, notices: list[NoticeState], outcome: ProbeOutcome | None, alarm: Alarm | None) -> None:
    assert alarm_of(facts, notices, outcome) is alarm


def test_what_is_told_counts_by_its_urgency_while_the_case_is_open() -> None:
    told = [Alarm.EXPIRED, Alarm.BOUNCED]
    assert alarm_of(DRAFTED, [SENT], ProbeOutcome.SOFT_404, told) is Alarm.BOUNCED
    assert alarm_of(Facts(drafted_at=NOW, removed_at=NOW), [SENT], None, told) is None
    back = Facts(drafted_at=NOW, removed_at=NOW, reappeared_at=NOW + timedelta(days=2))
    assert alarm_of(back, [SENT], None, [Alarm.REAPPEARED]) is Alarm.REAPPEARED


def test_a_bounce_made_good_is_no_bounce() -> None:
    assert notice_state(approved=True, sent=True, bounced=True) is SENT
    assert notice_state(approved=True, sent=False, bounced=True) is BOUNCED
    assert notice_state(True, False, False, withdrawn=True, handing=True) is NoticeState.WITHDRAWN
    assert notice_state(True, False, False, handing=True) is NoticeState.HANDING


def test_timeline_has_the_seconds_of_each_step() -> None:
    facts = Facts(found_at=NOW, sealed_at=NOW + timedelta(seconds=2), removed_at=NOW + timedelta(seconds=62))
    assert [(stage.state, stage.seconds) for stage in timeline(facts)] == [
        ("found", None),
        ("sealed", 2.0),
        ("removed", 60.0),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.24, "3.2 s"), (80, "1 min 20 s"), (7500, "2 h 5 min"), (273600, "3 d 4 h")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds, Texts("en")) == text
