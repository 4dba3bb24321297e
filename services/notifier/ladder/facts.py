"""Everything that is known of a case's notices: what the ladder decides from, and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifier.ladder.pace import HOUR
from services.notifier.store import BOUNCED, SENT
from shared.events import AnswerKind
from shared.events.values import NoticeClock

FIRST, REMINDER, PACKET = "first", "reminder", "packet"  # occasions; the other one is reappeared
LONGEST_HOURS = 10 * 366 * 24  # more is a mistake; sums of times stay within what a datetime holds
REGULATOR = "regulator"  # why a round was asked for


@dataclass(frozen=True)
class Heard:
    """An answer. `notice_id`: None when only the case is known."""

    kind: AnswerKind
    at: datetime
    ticket: str
    notice_id: UUID | None


@dataclass(frozen=True)
class Entry:
    """A notice of the ladder, as its delivery and the answers to it tell. `heard`: oldest first.

    `received_at`: the provable receipt, never in the future. `hour`: how long one takes. `stopped_by`: the official who
    does not want it sent any more.
    """

    notice_id: UUID
    address: str
    channel: str
    occasion: str
    round: int
    rung: int
    after_hours: int
    follows: UUID | None
    clock: NoticeClock | None
    state: str
    attempt: int
    approved_at: datetime
    next_attempt_at: datetime
    last_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    received_how: str = ""
    ticket: str = ""
    heard: tuple[Heard, ...] = ()
    hour: timedelta = HOUR
    stopped_by: str = ""

    @property
    def since(self) -> datetime:
        return self.sent_at or self.approved_at

    def hours(self, count: int) -> timedelta:
        return min(count, LONGEST_HOURS) * self.hour

    def first_heard(self, *kinds: AnswerKind) -> datetime | None:
        return min((one.at for one in self.heard if one.kind in kinds), default=None)


@dataclass(frozen=True)
class Asked:
    """A further round that was asked for. `about`: the notices that it reports. `declined`: nobody wanted it."""

    round: int
    why: str
    at: datetime
    about: tuple[UUID, ...] = ()
    declined: bool = False


@dataclass(frozen=True)
class Watching:
    """`awaited_at`: when the next check is due; None: no further one. `confirming`: one proof of two is there.
    `patience`: so long after `awaited_at` the answer is worth waiting for."""

    removed: bool = False
    awaited_at: datetime | None = None
    confirming: bool = False
    checks: int = 0
    patience: timedelta = HOUR / 2

    def looking_until(self, now: datetime) -> datetime | None:
        """A check is out that may find the content gone: until when to wait for its answer; None: nobody looks now.

        Never for ever: a crawler that stands still must not keep a case from going on.
        """
        if self.removed or self.awaited_at is None or (now < self.awaited_at and not self.confirming):
            return None
        until = self.awaited_at + self.patience
        return until if now < until else None


@dataclass(frozen=True)
class Facts:
    """`heard`: answers of which only the case is known. `settled_at`: what was sent until then is done with, because a
    removal was proven; content that comes back is another round's matter."""

    case_id: UUID
    url: str
    entries: tuple[Entry, ...]
    watching: Watching = Watching()
    heard: tuple[Heard, ...] = ()
    asked: tuple[Asked, ...] = ()
    settled_at: datetime | None = None

    def entry(self, notice_id: UUID | None) -> Entry | None:
        return next((one for one in self.entries if one.notice_id == notice_id), None)

    def settled(self, entry: Entry) -> bool:
        """Whether a proven removal ended what this notice asked for, whatever had become of it."""
        if entry.state not in (SENT, BOUNCED):
            return False
        return self.settled_at is not None and entry.since <= self.settled_at
