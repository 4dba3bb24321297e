"""Cases of the ladder as facts, without a database: notices by name, sent, answered and refused as a test wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.notifier.ladder.facts import Entry, Facts, Heard, Watching
from services.notifier.store import BOUNCED, HANDING, PLANNED, SENT, WAITING
from shared.events import AnswerKind
from shared.events.values import NoticeClock
from shared.identity import identity

T0 = datetime(2026, 1, 1, tzinfo=UTC)
CASE = identity("case", "http://harbour-board.en.test/post/1")
TWO_DAYS = NoticeClock(kind="hours", law="US_TIDA", hours=48)
WITHOUT_DELAY = NoticeClock(kind="without_delay", law="KR_TBA_22_5", alarm_after_hours=24)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def named(name: str) -> UUID:
    return identity("notice", CASE, name)


def entry(name: str, *, rung: int = 0, after_hours: int = 0, clock: NoticeClock | None = None, **more: Any) -> Entry:
    """Approved at T0, its channel and address after its name; rung 0 waits for the sender."""
    made = Entry(
        notice_id=named(name),
        address=f"abuse@{name}.test",
        channel="mail",
        occasion="first",
        round=0,
        rung=rung,
        after_hours=after_hours,
        follows=None,
        clock=clock,
        state=PLANNED if rung else WAITING,
        attempt=0,
        approved_at=T0,
        next_attempt_at=T0,
    )
    return replace(made, **more)


def reminder(of: Entry, after_hours: int = 24, **more: Any) -> Entry:
    made = entry(f"{of.address}-reminder", after_hours=after_hours, occasion="reminder", state=PLANNED)
    return replace(made, address=of.address, follows=of.notice_id, rung=of.rung, round=of.round, **more)


def sent(one: Entry, hours: float = 0, received: float | None = None) -> Entry:
    receipt = None if received is None else at(received)
    return replace(one, state=SENT, attempt=1, sent_at=at(hours), last_attempt_at=at(hours), received_at=receipt)


def bounced(one: Entry, hours: float = 0) -> Entry:
    return replace(one, state=BOUNCED, attempt=1, last_attempt_at=at(hours))


def handing(one: Entry, hours: float = 0) -> Entry:
    return replace(one, channel="form", state=HANDING, next_attempt_at=at(hours))


def answered(one: Entry, kind: AnswerKind, hours: float, ticket: str = "") -> Entry:
    heard = Heard(kind, at(hours), ticket, one.notice_id)
    return replace(one, heard=(*one.heard, heard), ticket=ticket or one.ticket)


def facts(*entries: Entry, **more: Any) -> Facts:
    watching = more.pop("watching", Watching(awaited_at=at(9000)))
    return Facts(CASE, "http://harbour-board.en.test/post/1", entries, watching, **more)
