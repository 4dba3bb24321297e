"""What was seen is forgotten after the agency's days: a background task."""

from datetime import timedelta

import sqlalchemy as sa

from services.classifier.hashes.store import SeenPicture
from services.classifier.spread import SeenMark
from services.classifier.store import Seen
from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

EVERY_S = 60.0
AT_ONCE = 20_000  # rows a transaction: under a second; in a day some thirty million


async def forget_seen(context: Context, *, days: float) -> None:
    await regularly(context, EVERY_S, lambda tx: forget(tx, days))


async def forget(tx: Transaction, days: float) -> None:
    """Strike out what is older, the oldest first."""
    before = tx.clock.now() - timedelta(days=days)
    kept = ((Seen, Seen.judged_at), (SeenMark, SeenMark.seen_at), (SeenPicture, SeenPicture.seen_at))
    for table, moment in kept:
        row: sa.ColumnClause[str] = sa.literal_column("ctid")
        old = sa.select(row).select_from(table).where(moment < before).order_by(moment).limit(AT_ONCE)
        await tx.execute(sa.delete(table).where(row.in_(old)))
