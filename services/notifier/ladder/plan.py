"""What happens next to a case, when and why: every step that is to come, and what a person has to look at."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from services.notifier.ladder.clocks import Clock, clock_of
from services.notifier.ladder.decide import under_way
from services.notifier.ladder.endings import DISPUTES, bounced_late, ending
from services.notifier.ladder.facts import PACKET, Entry, Facts, Heard
from services.notifier.ladder.rungs import due
from services.notifier.store import BOUNCED, HANDING, PLANNED, SENDING, SENT, WAITING
from shared.events import AnswerKind, PlannedStep

ALARMING = (*DISPUTES, AnswerKind.UNCLEAR)
# A removal was proven while a mail was on its way: soon known, and then either sent or withdrawn.
LOOK_AGAIN = timedelta(minutes=1)
MOVES = ("remind", "escalate", "clock")


def plan(facts: Facts, now: datetime) -> tuple[PlannedStep, ...]:
    """In order of time. Facts as `decide` leaves them."""
    steps = [*_checks(facts), *_rounds(facts), *(step for one in facts.entries for step in _steps(facts, one, now))]
    if not facts.watching.removed:
        steps += [*(_alarm(one.kind.value, one.at) for one in facts.heard if one.kind in ALARMING), *_end(facts, now)]
    return tuple(sorted(steps, key=lambda one: (one.at or now, one.what, one.why, str(one.notice_id))))


def wake_at(facts: Facts, steps: tuple[PlannedStep, ...], now: datetime) -> datetime | None:
    """When the ladder has to look at the case again although nothing happened to it."""
    times = [step.at for step in steps if step.what in MOVES and step.at is not None]
    if (until := facts.watching.looking_until(now)) is not None:
        times.append(until)
    times += [late.at for one in facts.entries if one.state == HANDING and (late := ending(one))]
    if facts.watching.removed and any(one.state == SENDING for one in facts.entries):
        times.append(now + LOOK_AGAIN)
    return min((at for at in times if at > now), default=None)


def _checks(facts: Facts) -> Iterator[PlannedStep]:
    watching = facts.watching
    if watching.awaited_at is not None:
        why = "removed" if watching.removed else "confirming" if watching.confirming else "watching"
        yield PlannedStep(what="check", at=watching.awaited_at, why=why)


def _rounds(facts: Facts) -> Iterator[PlannedStep]:
    for asked in facts.asked:
        approved = any(one.round == asked.round for one in facts.entries)
        if not approved and not asked.declined:
            yield PlannedStep(what="approve", at=asked.at, why=asked.why, values={"round": str(asked.round)})


def _steps(facts: Facts, entry: Entry, now: datetime) -> Iterator[PlannedStep]:
    match entry.state:
        case "waiting" | "sending":
            yield _queued(entry)
        case "planned":
            yield _planned(facts, entry, now)
        case "handing":
            yield _about(entry, "hand_over", entry.next_attempt_at, "form")
            if (late := ending(entry)) is not None and late.at <= now:
                yield _about(entry, "alarm", late.at, "hand_over_late")
        case "bounced" if not facts.settled(entry):
            yield _about(entry, "alarm", entry.last_attempt_at or entry.next_attempt_at, "bounced")
        case "sent" if not facts.settled(entry) and entry.follows is None:
            yield from _open(entry, now)


def _queued(entry: Entry) -> PlannedStep:
    if entry.channel == "form":
        return _about(entry, "hand_over", entry.next_attempt_at, "form")
    if entry.attempt:
        return _about(entry, "send", entry.next_attempt_at, "retry", attempt=str(entry.attempt + 1))
    return _about(entry, "send", entry.next_attempt_at, "approved")


def _planned(facts: Facts, entry: Entry, now: datetime) -> PlannedStep:
    moment = due(facts, entry)
    moment = replace(moment, at=max(moment.at, facts.watching.looking_until(now) or moment.at))
    if entry.follows is not None:
        return _about(entry, "remind", moment.at, moment.why)
    values = {"rung": entry.rung, "round": entry.round, "after_hours": entry.after_hours}
    return _about(entry, "escalate", moment.at, moment.why, **{name: str(value) for name, value in values.items()})


def _open(entry: Entry, now: datetime) -> Iterator[PlannedStep]:
    """A notice that was sent, and whose content is still there."""
    for one in _first_of_each(entry.heard):
        yield _about(entry, "alarm", one.at, one.kind.value)
    refused, bounced = entry.first_heard(AnswerKind.REFUSED), bounced_late(entry)
    if refused:
        yield _about(entry, "alarm", refused, "refused")
    if bounced:
        yield _about(entry, "alarm", bounced, "bounced")
    clock = clock_of(entry)
    if clock is not None and (clock.statutory or not (refused or bounced)):
        yield _clock(entry, clock, now)


def _clock(entry: Entry, clock: Clock, now: datetime) -> PlannedStep:
    over = clock.ends_at <= now
    why = clock.kind if not over else "expired" if clock.statutory else "unanswered"
    step = _about(entry, "alarm" if over else "clock", clock.ends_at, why, law=clock.law, hours=str(clock.hours))
    return step.model_copy(update={"proven": clock.proven})


def _first_of_each(heard: tuple[Heard, ...]) -> list[Heard]:
    return list({one.kind: one for one in reversed(heard) if one.kind in ALARMING}.values())


def _end(facts: Facts, now: datetime) -> Iterator[PlannedStep]:
    """The ladder is at its end, and no packet is being written: nothing further happens by itself."""
    coming = (PLANNED, WAITING, SENDING)
    if any(one.state in coming for one in facts.entries) or any(under_way(facts, one) for one in facts.asked):
        return
    sent = [one for one in facts.entries if one.follows is None and one.state in (SENT, BOUNCED, HANDING)]
    ends = [ending(one) for one in sent if not facts.settled(one) and one.occasion != PACKET]
    times = [one.at for one in ends if one is not None and one.at <= now]
    if times and len(times) == len(ends):
        yield _alarm("exhausted", max(times))


def _alarm(why: str, at: datetime) -> PlannedStep:
    return PlannedStep(what="alarm", at=at, why=why)


def _about(entry: Entry, what: str, at: datetime, why: str, **values: str) -> PlannedStep:
    return PlannedStep(
        what=what, at=at, why=why, notice_id=entry.notice_id, recipient=entry.address, values=dict(values)
    )
