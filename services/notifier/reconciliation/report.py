"""Where every approved notice is, and what nobody attends to (pure)."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

# The night of Korea: 03:00 there. Whoever begins to work finds the report of that night.
NIGHT_HOUR_UTC = 18
MOST_NAMED = 100  # of a kind, by id: the counts tell the rest


@dataclass(frozen=True)
class Report:
    """`notices`: how many, by where they are: received (provably), accepted (by a server, without proof), refused,
    bounced, withdrawn, or the state in which they wait. `late`: notices that wait beyond their time. `open_ends`: those
    with neither an end nor a next step; `open_count` of them. `message_ids`: how many there are of `approved` notices.
    `missing`: approved at the gateway, unknown here; None when the gateway was not asked."""

    made_at: datetime
    approved: int
    message_ids: int
    notices: dict[str, int]
    late: tuple[str, ...]
    open_ends: tuple[str, ...]
    open_count: int
    unmatched: int
    unmatched_since: datetime | None
    answers: dict[str, int] = field(default_factory=dict)  # of the last day, by kind
    mails: dict[str, int] = field(default_factory=dict)  # of the last day, by what became of them
    missing: tuple[str, ...] | None = None

    @property
    def alarms(self) -> list[str]:
        """Sentences for a person, none when everything is in order."""
        said = []
        if self.message_ids != self.approved:
            said.append(f"{self.approved} notices have {self.message_ids} Message-IDs: two mails may pass for one")
        if self.missing:
            said.append(f"{len(self.missing)} notices were approved but never reached the notifier: see dead letters")
        if self.open_count:
            said.append(f"{self.open_count} notices have neither an end nor a next step")
        if self.late:
            said.append(f"{len(self.late)} notices wait beyond their time")
        return said

    def as_json(self) -> dict[str, Any]:
        values = asdict(self) | {"alarms": self.alarms}
        return {name: _plain(value) for name, value in values.items()}


def due(now: datetime, last: datetime | None) -> bool:
    """Once a night; what a night missed is made up for at once."""
    if last is None:
        return True
    night = now.replace(hour=NIGHT_HOUR_UTC, minute=0, second=0, microsecond=0)
    return last < (night if night <= now else night - timedelta(days=1))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
