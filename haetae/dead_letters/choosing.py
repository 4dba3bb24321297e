"""Which letters a command is about. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.bus.letters import Letter


@dataclass(frozen=True)
class Wanted:
    """What is None is not asked for. `reason`: a part of the error. `since`: parked then or later; what does not say
    when it was parked, an older version did. `ended`: those that have ended, too."""

    names: frozenset[str] = frozenset()
    topic: str | None = None
    service: str | None = None
    type: str | None = None
    reason: str | None = None
    case: UUID | None = None
    since: datetime | None = None
    ended: bool = False

    def __call__(self, letter: Letter) -> bool:
        return (
            (not self.names or letter.name in self.names)
            and (self.topic is None or letter.topic == self.topic)
            and (self.service is None or letter.service == self.service)
            and (self.type is None or letter.type == self.type)
            and (self.reason is None or self.reason.casefold() in letter.error.casefold())
            and (self.case is None or case_of(letter) == self.case)
            and (self.since is None or (letter.parked_at is not None and letter.parked_at >= self.since))
            and (self.ended or letter.ended is None)
        )

    @property
    def everything(self) -> bool:
        """Nothing narrows it down."""
        return self == Wanted(ended=self.ended)


def case_of(letter: Letter) -> UUID | None:
    """The case that it is about: its event's, else its key."""
    try:
        told = json.loads(letter.record.value or b"")
        return UUID(told["case_id"])
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        pass
    try:
        return UUID(letter.record.key.decode())
    except ValueError:
        return None
