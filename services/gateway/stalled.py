"""Cases that nothing happens to any more: an alarm tells of them, so that no case ends silently.

Whatever held one up (an event among the dead letters, a service that is down) is not known here, and need not be. The
next event of the case derives its alarm anew.
"""

from datetime import timedelta

import sqlalchemy as sa

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


async def watch(context: Context) -> None:
    await regularly(context, LOOK_S, mark)


async def mark(tx: Transaction) -> None:
    now = tx.clock.now()
    stalled = (Case.state.in_(OWED), Case.alarm.is_(None), Case.updated_at < now - PATIENCE)
    await tx.execute(sa.update(Case).where(*stalled).values(alarm=Alarm.STALLED, updated_at=now))
