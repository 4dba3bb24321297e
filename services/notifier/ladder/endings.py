"""How a recipient's part in a case ends without the content being gone: the next rung need not wait for it."""

from dataclasses import dataclass
from datetime import datetime

from services.notifier.ladder.clocks import clock_of
from services.notifier.ladder.facts import Entry
from services.notifier.store import BOUNCED, HANDING, SENT
from shared.events import AnswerKind

# A form that nobody handed in within a day is for a supervisor to know, and no reason for the others to wait.
HAND_OVER_HOURS = 24
# A person has to look before this recipient gets anything more.
DISPUTES = (AnswerKind.COUNTER_NOTICE, AnswerKind.QUESTION)
# It has the matter: a reminder would be a nuisance until its time is up.
TAKEN_UP = (AnswerKind.RECEIPT, AnswerKind.REMOVED)


@dataclass(frozen=True)
class Ending:
    """`how`: refused, bounced, expired (a law's time), unanswered (our own) or late (a form not handed in). `at` may
    still be to come."""

    how: str
    at: datetime


def ending(entry: Entry) -> Ending | None:
    """The first of what ends it; None for what was not sent yet, or is not sent at all."""
    if entry.state == BOUNCED:
        return Ending("bounced", entry.last_attempt_at or entry.next_attempt_at)
    if entry.state == HANDING:
        return Ending("late", entry.next_attempt_at + entry.hours(HAND_OVER_HOURS))
    if entry.state != SENT:
        return None
    found = [Ending("refused", at) for at in [entry.first_heard(AnswerKind.REFUSED)] if at]
    found += [Ending("bounced", at) for at in [bounced_late(entry)] if at]
    if (clock := clock_of(entry)) is not None:
        found.append(Ending("expired" if clock.statutory else "unanswered", clock.ends_at))
    return min(found, key=lambda one: one.at, default=None)


def bounced_late(entry: Entry) -> datetime | None:
    """A delivery status came back after the acceptance. One for a notice that provably arrived is not believed."""
    return entry.first_heard(AnswerKind.BOUNCED) if entry.received_at is None else None


def taken_up(entry: Entry) -> bool:
    return bool(entry.ticket) or entry.first_heard(*TAKEN_UP) is not None


def disputed_at(entry: Entry) -> datetime | None:
    return entry.first_heard(*DISPUTES)
