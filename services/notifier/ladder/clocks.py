"""The clocks of a notice: when they began, whether that can be proven, and when they end.

A statutory clock begins when the recipient provably has the notice; that our own submission server took it proves
nothing about the recipient. Where no proof comes, the clock runs from there all the same, as presumed: it moves our
ladder, and no regulator is told of it. Hours are hours: no law that the drafter knows of stops its clock on weekends.
"""

from dataclasses import dataclass
from datetime import datetime

from services.notifier.ladder.facts import Entry
from services.notifier.store import SENT
from shared.events import AnswerKind
from shared.events.values import NoticeClock

OWN = "own"  # no law names a time: it is we who wait no longer
# Where the notice names no other: the longest time that a law grants for an answer (Japan's platform act: 7 days).
OWN_HOURS = 7 * 24
ALARM_HOURS = 24  # "without delay" without a number of its own: a recipient's working day has passed everywhere

DECISIONS = (AnswerKind.REFUSED, AnswerKind.REMOVED)


@dataclass(frozen=True)
class Clock:
    """`law`: its key; empty for our own. `proven`: whether `starts_at` is a provable receipt."""

    kind: str
    law: str
    hours: int
    starts_at: datetime
    ends_at: datetime
    proven: bool

    @property
    def statutory(self) -> bool:
        return self.kind != OWN


def clock_of(entry: Entry) -> Clock | None:
    """The clock of a notice that was sent; a reminder has none beside that of the notice it follows."""
    if entry.state != SENT or entry.sent_at is None or entry.follows is not None:
        return None
    proven = entry.received_at is not None
    starts_at = max(entry.received_at or entry.sent_at, entry.sent_at)
    clock = _running(entry, entry.clock, starts_at, proven)
    decided_at = entry.first_heard(*DECISIONS)
    if clock.kind == "answer" and decided_at is not None and decided_at <= clock.ends_at:
        return _running(entry, None, starts_at, proven)  # the law asks for a decision, and there is one
    return clock


def _running(entry: Entry, named: NoticeClock | None, starts_at: datetime, proven: bool) -> Clock:
    kind, law, hours = _terms(named)
    return Clock(kind, law, hours, starts_at, starts_at + entry.hours(max(hours, 0)), proven)


def _terms(named: NoticeClock | None) -> tuple[str, str, int]:
    match named:
        case NoticeClock(kind="hours" | "answer", hours=int(hours)):
            return named.kind, named.law, hours
        case NoticeClock(kind="without_delay" | "answer"):
            return named.kind, named.law, named.alarm_after_hours or ALARM_HOURS
    return OWN, "", (named.alarm_after_hours if named else None) or OWN_HOURS
