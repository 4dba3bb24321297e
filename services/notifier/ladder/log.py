"""What happened to a case's notices, line by line, for a regulator: what was provable, and what is only presumed."""

from collections.abc import Iterator
from datetime import datetime

from services.notifier.ladder.clocks import clock_of
from services.notifier.ladder.endings import bounced_late
from services.notifier.ladder.facts import Entry, Facts
from services.notifier.store import BOUNCED
from shared.events import LogLine

MAX_LINES = 200  # a case has some dozen; a packet stays one that a person reads


def lines(facts: Facts, now: datetime) -> tuple[LogLine, ...]:
    """Oldest first. `what`: approved, sent, received, answered, refused …, bounced, expired, checked; `detail`:
    `name=value` parts."""
    found = [line for entry in facts.entries if not facts.settled(entry) for line in _of(entry, now)]
    found += [
        LogLine(at=one.at, what="answered", recipient="", detail=_detail(kind=one.kind.value)) for one in facts.heard
    ]
    if facts.watching.checks:
        found.append(LogLine(at=now, what="checked", recipient="", detail=_detail(checks=str(facts.watching.checks))))
    return tuple(_most_telling(sorted(found, key=_turn)))


def _turn(line: LogLine) -> tuple[datetime, str, str]:
    return line.at, line.what, line.recipient


def _most_telling(found: list[LogLine]) -> list[LogLine]:
    """However many answers somebody floods us with: what was sent and received stays, and the first of each kind."""
    news: list[LogLine] = []
    more: list[LogLine] = []
    seen: set[tuple[str, str]] = set()
    for line in found:
        kind = line.recipient, line.detail.partition(";")[0]
        (more if line.what == "answered" and kind in seen else news).append(line)
        if line.what == "answered":
            seen.add(kind)
    return sorted([*news[-MAX_LINES:], *more[: max(MAX_LINES - len(news), 0)]], key=_turn)


def _of(entry: Entry, now: datetime) -> Iterator[LogLine]:
    def line(at: datetime, what: str, **detail: str) -> LogLine:
        return LogLine(at=at, what=what, recipient=entry.address, detail=_detail(**detail))

    yield line(entry.approved_at, "approved", occasion=entry.occasion)
    if entry.state == BOUNCED:
        yield line(entry.last_attempt_at or entry.next_attempt_at, "bounced")
    if entry.sent_at is not None:
        yield line(entry.sent_at, "sent", occasion=entry.occasion, channel=entry.channel)
    if entry.received_at is not None:
        yield line(entry.received_at, "received", how=entry.received_how, proof="proven")
    if (late := bounced_late(entry)) is not None:
        yield line(late, "bounced")
    for one in entry.heard:
        yield line(one.at, "answered", kind=one.kind.value, ticket=one.ticket)
    clock = clock_of(entry)
    if clock is not None and clock.statutory and clock.ends_at <= now:
        proof = "proven" if clock.proven else "presumed"
        yield line(clock.ends_at, "expired", law=clock.law, hours=str(clock.hours), proof=proof)


def _detail(**parts: str) -> str:
    return "; ".join(f"{name}={value}" for name, value in parts.items() if value)
