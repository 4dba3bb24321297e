"""What keeps the queue in order by itself: leases that ended, an order by old numbers, what was told long ago."""

from datetime import timedelta

import sqlalchemy as sa

from services.gateway import queue
from services.gateway.cases import derive, known
from services.gateway.claims import lining
from services.gateway.claims.claiming import free_expired
from services.gateway.claims.store import Skip, Turn
from services.gateway.live.feed import Change
from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

LOOK_S = 5.0  # beside a lease of ten minutes nobody notices
PLACED_AT_ONCE = 100  # cases with their notices in memory, held for a moment
TOLD_FOR = timedelta(hours=1)  # a page that slept longer looks anew


async def watch(context: Context) -> None:
    await regularly(context, LOOK_S, tend)


async def tend(tx: Transaction) -> None:
    now = tx.clock.now()
    await place_anew(tx)  # first, for whoever holds turns must not wait for cases: verdicts take them the other way
    await free_expired(tx, now)
    await tx.execute(sa.delete(Skip).where(Skip.until <= now))
    await tx.execute(sa.delete(Change).where(Change.at < now - TOLD_FOR))


async def place_anew(tx: Transaction) -> int:
    """Turns that were placed by another formula (an older version of this service). How many."""
    others = sa.select(Turn.case_id).where(Turn.formula != queue.FORMULA).limit(PLACED_AT_ONCE)
    cases = sorted(await tx.scalars(others))
    for case_id in cases:
        held = await known(tx, case_id)
        if held is not None:
            derive(held)
            await lining.sync(tx, held)
    return len(cases)
