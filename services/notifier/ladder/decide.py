"""What is to be done about a case now. Pure: the same facts and the same time give the same answer.

Nothing is remembered beside the facts: a timer that was lost, a clock that was set back or a process that was killed
changes when something is done, never what.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.notifier.ladder.clocks import clock_of
from services.notifier.ladder.endings import bounced_late, disputed_at, ending, taken_up
from services.notifier.ladder.facts import PACKET, REGULATOR, Asked, Entry, Facts
from services.notifier.ladder.rungs import due
from services.notifier.store import BOUNCED, HANDING, PLANNED, SENT, WAITING, WITHDRAWN
from shared.events import AnswerKind

NEVER_READ = {"bounced", "late"}
UNSENT = (PLANNED, WAITING, HANDING)


@dataclass(frozen=True)
class Release:
    """It goes out. `why`: due, how the lower rungs ended, or unanswered and ticket of a reminder."""

    notice_id: UUID
    why: str


@dataclass(frozen=True)
class Withdraw:
    notice_id: UUID
    why: str


@dataclass(frozen=True)
class AskRegulator:
    """A packet for the regulator is to be drafted about these notices."""

    about: tuple[UUID, ...]


Action = Release | Withdraw | AskRegulator


def decide(facts: Facts, now: datetime) -> tuple[list[Action], Facts]:
    """What to do, and the facts as they are afterwards: deciding again from those gives nothing more to do."""
    facts = _settled(replace(facts, entries=tuple(sorted(facts.entries, key=_turn))), now)
    done: list[Action] = []
    while (action := next(_actions(facts, now), None)) is not None:
        done.append(action)
        facts = apply(facts, action, now)
    return done, facts


def _turn(entry: Entry) -> tuple[int, int, datetime, UUID]:
    """Of two reminders to one mailbox only one goes out today: always the same, in whatever order the rows came."""
    return entry.round, entry.rung, entry.approved_at, entry.notice_id


def apply(facts: Facts, action: Action, now: datetime) -> Facts:
    match action:
        case AskRegulator(about):  # its number is given when it is asked for
            return replace(facts, asked=(*facts.asked, Asked(0, REGULATOR, now, about)))
        case Release(notice_id):
            return _changed(facts, notice_id, lambda one: replace(one, state=WAITING, next_attempt_at=now))
        case Withdraw(notice_id):
            return _changed(facts, notice_id, lambda one: replace(one, state=WITHDRAWN))


def _changed(facts: Facts, notice_id: UUID, change: Callable[[Entry], Entry]) -> Facts:
    return replace(facts, entries=tuple(change(one) if one.notice_id == notice_id else one for one in facts.entries))


def _settled(facts: Facts, now: datetime) -> Facts:
    """A proven removal settles all that ended until then, also what was accepted while it was being proven."""
    if not facts.watching.removed:
        return facts
    ended = [one.since for one in facts.entries if one.state in (SENT, BOUNCED)]
    return replace(facts, settled_at=max([facts.settled_at or now, *ended]))


def _actions(facts: Facts, now: datetime) -> Iterator[Action]:
    for entry in facts.entries:
        if entry.state in UNSENT and (why := _needless(facts, entry)) is not None:
            yield Withdraw(entry.notice_id, why)
    if facts.watching.looking_until(now):
        return
    yield from _released(facts, now)
    if (about := _for_regulator(facts, now)) is not None:
        yield AskRegulator(about)


def _released(facts: Facts, now: datetime) -> Iterator[Release]:
    """What is due the longest goes first: the others may have to wait until it is sent."""
    found = [(due(facts, one), one) for one in facts.entries if one.state == PLANNED]
    ready = [(moment, one) for moment, one in found if moment.firm and moment.at <= now]
    for moment, entry in sorted(ready, key=lambda one: one[0].at):
        yield Release(entry.notice_id, moment.because or moment.why)


def _needless(facts: Facts, entry: Entry) -> str | None:
    """Why an approved notice is not sent after all; None when it is."""
    if entry.stopped_by:
        return "stopped"
    if facts.watching.removed:
        return "removed"
    if entry.state == HANDING:  # a person may be at it
        return None
    if any(_disputed_since(one, entry) for one in facts.entries):
        return "answered"
    return _needless_reminder(facts, entry) if entry.follows is not None else None


def _disputed_since(other: Entry, entry: Entry) -> bool:
    """Its recipient disputes or asks, and whoever approved this one could not know it."""
    at = disputed_at(other)
    return other.address == entry.address and at is not None and entry.approved_at < at


def _needless_reminder(facts: Facts, entry: Entry) -> str | None:
    first = facts.entry(entry.follows)
    if first is None or first.state == WITHDRAWN:
        return "stopped"
    if first.state == BOUNCED or bounced_late(first):
        return "bounced"
    if facts.settled(first):
        return "removed"
    clock = clock_of(first)
    taken = taken_up(first) and clock is not None and not clock.statutory
    return "answered" if taken or first.first_heard(AnswerKind.REFUSED) else None


def _for_regulator(facts: Facts, now: datetime) -> tuple[UUID, ...] | None:
    """What a packet would have to report that no earlier one does: a law's time that provably ran out, or a ladder that
    is at its end. One packet at a time: the next after an official dealt with it."""
    if facts.watching.removed or any(one.why == REGULATOR and under_way(facts, one) for one in facts.asked):
        return None
    told = {notice_id for one in facts.asked if one.why == REGULATOR for notice_id in one.about}
    open_ones = [one for one in facts.entries if _reportable(facts, one)]
    breached = [one for one in open_ones if _breached(one, now)]
    about = breached if {one.notice_id for one in breached} - told else _at_its_end(open_ones, now)
    found = tuple(sorted(one.notice_id for one in about))
    return found if set(found) - told else None


def under_way(facts: Facts, asked: Asked) -> bool:
    """Asked for, and not yet approved and sent, nor declined."""
    if asked.declined:
        return False
    notices = [one for one in facts.entries if one.round == asked.round and one.follows is None]
    return not asked.round or not notices or any(one.state not in (SENT, BOUNCED, WITHDRAWN) for one in notices)


def _reportable(facts: Facts, entry: Entry) -> bool:
    own = entry.follows is None and entry.occasion != PACKET
    return own and entry.state != WITHDRAWN and not facts.settled(entry)


def _breached(entry: Entry, now: datetime) -> bool:
    clock = clock_of(entry)
    return clock is not None and clock.statutory and clock.proven and clock.ends_at <= now


def _at_its_end(entries: list[Entry], now: datetime) -> list[Entry]:
    """All of them, when each has ended. Where none was even read there is nothing to reproach anybody with."""
    ends = [ending(one) for one in entries]
    over = [one.how for one in ends if one is not None and one.at <= now]
    return entries if len(over) == len(entries) and set(over) - NEVER_READ else []
