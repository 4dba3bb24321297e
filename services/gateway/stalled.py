"""Cases that nothing happens to any more: an alarm tells of them, so that no case ends silently.

Whatever held one up (an event among the dead letters, a service that is down) is not known here, and need not be. The
next event of the case derives its alarm anew.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.domain import Alarm, State
from services.gateway.store import Case
from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

# A step takes seconds, behind a great many others or a mail server that is busy minutes.
PATIENCE = timedelta(hours=1)
LOOK_S = 30.0
# Here a service owes the next step; elsewhere a reviewer (drafted) or the site (sent).
OWED = (State.FOUND, State.FLAGGED, State.SEALED, State.APPROVED)


def _planned_since(moment: datetime) -> sa.ColumnElement[bool]:
    """Whether the notifier planned a step that is still to come, or was due after the moment."""
    planned = sa.type_coerce(Case.plan, JSONB)["steps"]
    steps = sa.func.jsonb_array_elements(planned).table_valued("value", joins_implicitly=True)
    at = sa.type_coerce(steps.c.value, JSONB)["at"].astext.cast(sa.DateTime(timezone=True))
    return sa.exists(sa.select(sa.literal(1)).select_from(steps).where(at > moment))


async def watch(context: Context) -> None:
    await regularly(context, LOOK_S, mark)


async def mark(tx: Transaction) -> None:
    now = tx.clock.now()
    stalled = (
        Case.state.in_(OWED),
        Case.alarm.is_(None),
        Case.updated_at < now - PATIENCE,
        Case.hand_over_at.is_(None),  # a person's turn, as the next
        Case.awaits.is_(None),
        ~_planned_since(now - PATIENCE),
    )
    # What somebody has locked moves: it is looked at the next time, and nobody waits here for two cases.
    free = sa.select(Case.case_id).where(*stalled).with_for_update(skip_locked=True)
    change = sa.update(Case).where(Case.case_id.in_(free.scalar_subquery()))
    await tx.execute(change.values(alarm=Alarm.STALLED, updated_at=now))
