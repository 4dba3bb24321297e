"""Looks at cases whose time has come, one transaction each: a case that fails keeps no other from its turn.

Several processes share the work by rows that the others skip. A timer that did not run loses nothing: what was due
meanwhile is due still.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog

from services.notifier.ladder.advance import advance
from services.notifier.ladder.counting import count
from services.notifier.ladder.store import Ladder
from services.notifier.removal.checks import ask_again
from shared.database import Database, Transaction
from shared.failures import Transient
from shared.handling import Context

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # what is due is due within hours; a second more is nothing, and the query reads an index
COUNT_S = 30.0  # as often as metrics are commonly asked for
AT_ONCE = 200  # cases between two looks at whether the service stops
# A case that fails has a fault that a person has to mend: it must neither stop the others nor fill the log.
PUT_OFF = timedelta(hours=1)

Advance = Callable[[Transaction, UUID], Awaitable[None]]


async def run(context: Context) -> None:
    """A background task."""
    counted_at: float | None = None
    looked_again = False
    while not context.stopping():
        found = 0
        try:
            looked_again = looked_again or await _look_again(context.database)
            found = await look(context.database)
            if counted_at is None or context.clock.monotonic() - counted_at >= COUNT_S:
                counted_at = context.clock.monotonic()
                async with context.database.transaction() as tx:
                    await count(tx, context.metrics)
        except Transient as failure:
            log.warning("ladders have to wait", reason=str(failure))
        if found < AT_ONCE:
            await context.clock.sleep(LOOK_S)


async def _look_again(database: Database) -> bool:
    """Who stood still knows nothing of the content: before anything is released, every lost check is asked for anew."""
    asked = None
    while asked != 0:
        async with database.transaction() as tx:
            asked = await ask_again(tx)
    return True


async def look(database: Database, advance: Advance = advance) -> int:
    """Advance each case that is due; how many there were."""
    async with database.transaction() as tx:
        due = sa.select(Ladder.case_id).where(Ladder.next_at <= tx.clock.now()).order_by(Ladder.next_at).limit(AT_ONCE)
        cases = await tx.scalars(due)
    for case_id in cases:
        try:
            async with database.transaction() as tx:
                if await _still_due(tx, case_id):
                    await advance(tx, case_id)
        except Transient:
            raise
        except Exception:
            log.exception("a case's ladder fails and is put off", case_id=str(case_id))
            await _put_off(database, case_id)
    return len(cases)


async def _still_due(tx: Transaction, case_id: UUID) -> bool:
    """And nobody else is at it."""
    mine = sa.select(Ladder.case_id).where(Ladder.case_id == case_id, Ladder.next_at <= tx.clock.now())
    return await tx.scalar(mine.with_for_update(skip_locked=True)) is not None


async def _put_off(database: Database, case_id: UUID) -> None:
    async with database.transaction() as tx:
        later = sa.update(Ladder).where(Ladder.case_id == case_id)
        await tx.execute(later.values(next_at=tx.clock.now() + PUT_OFF))
