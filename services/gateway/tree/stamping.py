"""Heads get time stamps of others (RFC 3161): the newest one every hour, for it stands for all before it.

A failure is written in the log, shown by a metric and tried again; nothing waits for it.
"""

import base64
from datetime import timedelta

import sqlalchemy as sa
import structlog

from haetae_verify.heads import Head, stamped
from services.gateway.tree import growing
from services.gateway.tree.store import HeadRow
from shared.database import Database, Transaction
from shared.stamps.stamping import Away, Stamping

log = structlog.get_logger(__name__)

EVERY = timedelta(hours=1)  # public authorities ask for no more than a few requests an hour


async def stamp_newest(database: Database, stamping: Stamping) -> bool:
    """Ask for one when it is due; whether one came. The authorities take turns when one gives none."""
    async with database.transaction() as tx:
        head = await due(tx)
    if head is None:
        return False
    for name in stamping.names:
        if stamping.rests(name):
            continue
        try:
            stamp = await stamping.one(name, stamped(head), f"head of {head.size}")
        except Away:
            continue
        async with database.transaction() as tx:
            await keep(tx, head, name, stamp.response)
        return True
    return False


async def due(tx: Transaction) -> Head | None:
    newest = await growing.newest(tx)
    if newest is None or newest.stamp is not None:
        return None
    last = await tx.scalar(sa.select(sa.func.max(HeadRow.stamped_at)))
    return newest.head if last is None or tx.clock.now() - last >= EVERY else None


async def keep(tx: Transaction, head: Head, name: str, response: bytes) -> None:
    row = await tx.get(HeadRow, head.size, lock=True)
    if row is None or row.stamp is not None:
        return  # another process was quicker
    row.stamp, row.stamped_by, row.stamped_at = response, name, tx.clock.now()
    growing.publish(tx, head, base64.b64encode(response).decode())
    log.info("head stamped", size=head.size, authority=name)


async def overdue_s(tx: Transaction) -> float:
    """For how long a stamp has been due: 0 while there is none to ask for."""
    stamped_up_to = sa.select(sa.func.max(HeadRow.size)).where(HeadRow.stamp.is_not(None)).scalar_subquery()
    after = HeadRow.size > sa.func.coalesce(stamped_up_to, 0)
    since = await tx.scalar(sa.select(HeadRow.signed_at).where(after).order_by(HeadRow.size).limit(1))
    return max(0.0, (tx.clock.now() - since - EVERY).total_seconds()) if since else 0.0
