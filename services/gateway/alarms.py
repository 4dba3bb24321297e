"""What notices and plan raise: each alarm with its name, so that an official can say that it is seen to. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.gateway.domain import Alarm, NoticeState
from services.gateway.notices.rows import Held, Round
from services.gateway.store import Case

ALARM = "alarm"  # the step of a plan that is one
# Its reason, as the notifier says it.
OF_PLAN = {
    "counter_notice": Alarm.COUNTER_NOTICE,
    "question": Alarm.QUESTION,
    "bounced": Alarm.BOUNCED,
    "refused": Alarm.REFUSED,
    "unclear": Alarm.UNCLEAR,
    "hand_over_late": Alarm.HAND_OVER_LATE,
    "expired": Alarm.EXPIRED,
    "unanswered": Alarm.UNANSWERED,
    "exhausted": Alarm.EXHAUSTED,
}
URGENCY = {alarm: place for place, alarm in enumerate(Alarm)}


@dataclass(frozen=True)
class Raised:
    """`at`: since when; the same alarm at another time is another one. `recipient`: whose notice it is about."""

    alarm: Alarm
    at: datetime | None
    notice_id: UUID | None = None
    recipient: str = ""

    @property
    def key(self) -> str:
        """Its name. A notice comes back once, whoever tells it when."""
        about = self.notice_id or self.recipient
        return ":".join([self.alarm, str(about), "" if self.alarm is Alarm.BOUNCED or not self.at else stamp(self.at)])


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def raised(held: Held) -> list[Raised]:
    """Everything that somebody has to see to, the most urgent first, each once."""
    found = {one.key: one for one in (*_of_plan(held), *_of_notices(held), *_of_case(held))}
    return sorted(found.values(), key=lambda one: (URGENCY[one.alarm], one.key))


def unattended(held: Held) -> list[Raised]:
    seen = set(held.case.attended or ())
    return [one for one in raised(held) if one.key not in seen]


def _of_plan(held: Held) -> Iterator[Raised]:
    for step in held.case.plan.steps if held.case.plan else ():
        if step.what == ALARM:
            yield Raised(OF_PLAN.get(step.why, Alarm.ATTENTION), step.at, step.notice_id, step.recipient)


def _of_notices(held: Held) -> Iterator[Raised]:
    for row in held.known():
        if row.state is NoticeState.BOUNCED:
            to = row.content.recipient if row.content else None
            yield Raised(Alarm.BOUNCED, row.bounced_at, row.notice_id, to.email or to.name if to else "")


def _of_case(held: Held) -> Iterator[Raised]:
    if held.case.facts.back:
        yield Raised(Alarm.REAPPEARED, held.case.reappeared_at)
    if held.case.withdrawn_at:
        yield Raised(Alarm.WITHDRAWN, held.case.withdrawn_at)
    targets: list[Case | Round] = [held.case, *held.rounds.values()]
    for target in targets:
        if target.undecided_at and not target.decided_at:
            yield Raised(Alarm.NOT_DECIDED, target.undecided_at)
