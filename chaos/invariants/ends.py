"""Where cases end."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from chaos.invariants.seen import Seen
from services.gateway.domain import State

CASES = """
    SELECT c.case_id, c.url, c.state, c.alarm, c.awaits, c.hand_over_at, c.deciding_until, w.awaited_at, now() AS now
    FROM gateway.cases c LEFT JOIN notifier.watches w USING (case_id) ORDER BY c.updated_at
"""
OVER = (State.REMOVED, State.REJECTED)


async def at_rest(seen: Seen) -> list[str]:
    """Every case reaches an end, waits for a person, or was sent and the next look at its page is due."""
    return [
        f"case {row.case_id} ({row.url}) is {row.state or 'nothing yet'}, and nothing happens next"
        for row in await seen.rows(CASES)
        if row.state not in OVER and not waits_for_a_person(row) and not watched(row)
    ]


def waits_for_a_person(row: sa.Row[Any]) -> bool:
    """To decide, to hand in, to see to an alarm; or a verdict can still be taken back."""
    until: datetime | None = row.deciding_until
    deciding = row.state == State.DECIDING and until is not None and until > row.now
    return row.state == State.DRAFTED or deciding or bool(row.alarm or row.awaits or row.hand_over_at)


def watched(row: sa.Row[Any]) -> bool:
    return row.state == State.SENT and row.awaited_at is not None
