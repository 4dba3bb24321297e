"""What a case adds to the figures: a set of cells, each once. Pure.

A case's cells follow from its row and its notices alone. When they change, the old cells are taken away and the new
ones added (summary deltas: Mumick, Quass and Mumick, SIGMOD 1997), so that counting twice, late or again from the start
always comes to the same sums.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from services.gateway.domain import Alarm, State
from services.gateway.figures.buckets import NONE, bucket
from shared.events import Verdict

STAGES = {
    "found_to_drafted": ("found_at", "drafted_at"),
    "drafted_to_decided": ("drafted_at", "decided_at"),
    "decided_to_sent": ("decided_at", "sent_at"),
    "sent_to_removed": ("sent_at", "removed_at"),
    "found_to_removed": ("found_at", "removed_at"),
}
WHEN = {
    "found": "found_at",
    "decided": "decided_at",
    "sent": "sent_at",
    "removed": "removed_at",
    "back": "reappeared_at",
}
# A clock or our own patience ran out, or nobody did what was theirs to do.
OVERDUE = (Alarm.EXPIRED, Alarm.UNANSWERED, Alarm.HAND_OVER_LATE, Alarm.STALLED)
BANDS = (("very-high", 0.9), ("high", 0.7), ("medium", 0.5), ("low", 0.0))
MAX_VALUE = 100  # characters of a recipient's or a language's name
UNKNOWN = "unknown"
YES, NO = 1, 0  # in place of a duration: whether a person approved what was flagged


class Cell(NamedTuple):
    """`period`: the day. `bucket`: of a duration, or `NONE`."""

    period: date
    measure: str
    dimension: str
    value: str
    bucket: int


@dataclass(frozen=True)
class NoticeFacts:
    provider: str
    role: str
    country: str
    sent_at: datetime | None
    bounced_at: datetime | None


@dataclass(frozen=True)
class CaseFacts:
    """`reupload`: its content was known from an earlier case. `by_person`: no program and no policy decided."""

    state: str
    alarm: str | None
    category: str | None
    language: str | None
    risk: float | None
    verdict: str | None
    by_person: bool
    reupload: bool
    found_at: datetime | None
    drafted_at: datetime | None
    decided_at: datetime | None
    sent_at: datetime | None
    removed_at: datetime | None
    reappeared_at: datetime | None
    notices: Sequence[NoticeFacts] = ()


def band(risk: float | None) -> str:
    return next((name for name, least in BANDS if (risk or 0.0) >= least), BANDS[-1][0])


class _Cells:
    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.found: set[Cell] = set()

    def add(self, at: datetime | None, measure: str, dimension: str = "", value: str = "", place: int = NONE) -> None:
        if at is not None:
            day = at.astimezone(self.zone).date()
            told = value[:MAX_VALUE] or (UNKNOWN if dimension else "")
            self.found.add(Cell(day, measure, dimension, told, place))


def cells(case: CaseFacts, zone: tzinfo) -> set[Cell]:
    """Days as the house has them."""
    made = _Cells(zone)
    for measure, name in WHEN.items():
        made.add(getattr(case, name), measure)
    if case.reupload:
        made.add(case.found_at, "reupload")
    for measure, (start, end) in STAGES.items():
        begun, ended = getattr(case, start), getattr(case, end)
        if begun and ended:
            made.add(ended, measure, place=bucket((ended - begun).total_seconds()))
    _judged(made, case)
    _standing(made, case)
    _asked(made, case)
    return made.found


def _judged(made: _Cells, case: CaseFacts) -> None:
    if case.verdict is None:
        return
    approved = case.verdict == Verdict.APPROVED
    if approved:
        made.add(case.decided_at, "approved")
    if case.by_person:
        place = YES if approved else NO
        made.add(case.decided_at, "judged", "band", band(case.risk), place)
        made.add(case.decided_at, "judged", "category", case.category or UNKNOWN, place)
        made.add(case.decided_at, "judged", "language", case.language or UNKNOWN, place)


def _standing(made: _Cells, case: CaseFacts) -> None:
    """What holds now: these cells go when it ends."""
    if case.state == State.DRAFTED:
        made.add(case.drafted_at, "waiting", "band", band(case.risk))
    if case.alarm in OVERDUE:
        made.add(case.sent_at or case.decided_at or case.found_at, "overdue", "alarm", str(case.alarm))


def _asked(made: _Cells, case: CaseFacts) -> None:
    """Of each recipient the first notice that was sent, and what came of it; what came back."""
    first: dict[str, datetime] = {}
    for notice in case.notices:
        if notice.sent_at:
            first[notice.provider] = min(first.get(notice.provider, notice.sent_at), notice.sent_at)
        if notice.bounced_at and not notice.sent_at:
            made.add(notice.bounced_at, "bounced", "recipient", notice.provider)
    for provider, sent_at in first.items():
        made.add(sent_at, "asked", "recipient", provider)
        if case.removed_at and case.removed_at >= sent_at:
            seconds = (case.removed_at - sent_at).total_seconds()
            made.add(case.removed_at, "gone", "recipient", provider, bucket(seconds))
    for dimension, values in _before_removal(case):
        for value in values:
            made.add(case.removed_at, "removed", dimension, value)


def _before_removal(case: CaseFacts) -> Iterable[tuple[str, set[str]]]:
    sent = [one for one in case.notices if one.sent_at and case.removed_at and one.sent_at <= case.removed_at]
    # Without a notice too: else how many these are would follow from a total and its parts.
    yield "country", {one.country or UNKNOWN for one in sent} or {UNKNOWN}
    yield "kind", {one.role or UNKNOWN for one in sent} or {UNKNOWN}
