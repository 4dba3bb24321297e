"""What to do with a report, by what is on record of it (pure): never sent twice blindly.

A request that left and whose answer never came may have been taken. Where the API takes two with one key for one, it is
sent again with its key; where it lists its reports, it is looked for; else nobody sends it again, and a person is told.
"""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from services.notifier.channels.api.connector import Connector
from services.notifier.channels.api.store import ASKING, LOST, UNKNOWN

MARGIN = timedelta(minutes=10)  # clocks differ: a key is not trusted in its last minutes


class Recorded(Protocol):
    state: str
    asked_at: datetime


# An earlier request may have been taken.
OPEN = frozenset({ASKING, UNKNOWN})


class Step(Enum):
    SEND = auto()
    LOOK = auto()
    LOST = auto()


def next_step(row: Recorded | None, connector: Connector, now: datetime) -> Step:
    """Of a report that is not accepted."""
    if row is not None and row.state in OPEN:
        key = connector.idempotency
        if key is not None and now <= row.asked_at + timedelta(hours=key.hours) - MARGIN:
            return Step.SEND
        return Step.LOOK if connector.lookup else Step.LOST
    return Step.LOST if row is not None and row.state == LOST else Step.SEND
