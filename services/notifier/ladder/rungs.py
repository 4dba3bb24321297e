"""When a planned notice is due, and why: its rung of the ladder, or the reminder's rhythm."""

from dataclasses import dataclass
from datetime import datetime

from services.notifier.ladder.clocks import clock_of
from services.notifier.ladder.endings import Ending, ending, taken_up
from services.notifier.ladder.facts import FIRST, REMINDER, Entry, Facts
from services.notifier.store import HANDING, SENDING, WAITING, WITHDRAWN

# At most one reminder a recipient and day: the rhythm of Project Arachnid, whose notices are answered.
REMINDER_GAP_HOURS = 24


@dataclass(frozen=True)
class Due:
    """`why`: due or lower_ended of a rung, unanswered or ticket of a reminder. `because`: how the lower rungs ended.
    `firm`: False where it depends on something that has not happened yet, and `at` is the earliest guess."""

    at: datetime
    why: str
    because: str = ""
    firm: bool = True


def due(facts: Facts, entry: Entry) -> Due:
    return _reminder(facts, entry) if entry.follows is not None else _rung(facts, entry)


def ladder(facts: Facts, entry: Entry) -> list[Entry]:
    """The notices of its ladder, without reminders: of its round; of the first draft, in whatever rounds a policy and a
    person approved it."""
    return [one for one in facts.entries if one.follows is None and _number(one) == _number(entry)]


def _number(entry: Entry) -> int:
    return 0 if entry.occasion == FIRST else entry.round


def _rung(facts: Facts, entry: Entry) -> Due:
    lower = [one for one in ladder(facts, entry) if one.rung < entry.rung]
    if entry.rung and not lower:
        return Due(entry.approved_at, "due")
    started, firm = _start(ladder(facts, entry))
    by_time = Due(started + entry.hours(entry.after_hours), "due", firm=firm)
    ends = [ending(one) for one in lower if one.state != WITHDRAWN]
    known = [one for one in ends if one is not None]
    if known and len(known) == len(ends) and (last := max(one.at for one in known)) <= by_time.at:
        return Due(last, "lower_ended", _together(known))
    return by_time


def _start(notices: list[Entry]) -> tuple[datetime, bool]:
    """When the first notice of a ladder was sent, or handed to a person; until then when it may be."""
    sent = [one.sent_at for one in notices if one.sent_at is not None]
    handing = [one.next_attempt_at for one in notices if one.state == HANDING]
    if sent or handing:
        return min(sent + handing), True
    if queued := [one.next_attempt_at for one in notices if one.state in (WAITING, SENDING)]:
        return min(queued), False
    return min(one.approved_at for one in notices), True


def _reminder(facts: Facts, entry: Entry) -> Due:
    first = facts.entry(entry.follows)
    if first is None:
        return Due(entry.approved_at, "unanswered", firm=False)
    wait, gap = entry.hours(entry.after_hours), entry.hours(REMINDER_GAP_HOURS)
    if first.sent_at is None:
        began = due(facts, first).at if first.follows is None else first.approved_at
        return Due(max(began, first.next_attempt_at) + max(wait, gap), "unanswered", firm=False)
    same = [one for one in facts.entries if one.address == entry.address and one is not entry]
    # The first notice is among them: never sooner than a day after it.
    at = max([first.sent_at + wait, *(one.sent_at + gap for one in same if one.sent_at is not None)])
    firm = not any(one.occasion == REMINDER and one.state in (WAITING, SENDING) for one in same)
    if taken_up(first) and (clock := clock_of(first)) is not None:
        return Due(max(at, clock.ends_at), "ticket", firm=firm)
    return Due(at, "unanswered", firm=firm)


def _together(ends: list[Ending]) -> str:
    hows = {one.how for one in ends}
    return hows.pop() if len(hows) == 1 else "ended"
