"""Who delivers: one process at a time holds a webhook, by a lease that ends by itself when it was killed."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from services.gateway.bridges.feed import Ends
from services.gateway.bridges.webhooks.store import State, Webhook
from shared.database import Transaction

# Renewed before each call, which takes 15 s at most: the clocks of two machines may differ by the rest.
LEASE = timedelta(seconds=60)


async def take(tx: Transaction, most: int) -> list[tuple[UUID, UUID]]:
    """Webhooks that have something to do and that nobody holds, with the lease of each; the longest due first."""
    now = tx.clock.now()
    free = sa.or_(Webhook.leased_until.is_(None), Webhook.leased_until <= now)
    newest = sa.select(Ends.newest).scalar_subquery()
    asks, sends = Webhook.state == State.ASKING, Webhook.state == State.ACTIVE
    in_time = sa.and_(Webhook.due_at <= now, sa.or_(asks, sa.and_(sends, Webhook.position != newest)))
    due = (
        sa.select(Webhook)
        .where(free, sa.or_(in_time, sa.and_(sends, Webhook.testing)))
        .order_by(Webhook.due_at, Webhook.webhook_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = await tx.scalars(due)
    for row in rows:
        row.lease, row.leased_until = uuid4(), now + LEASE
    return [(row.webhook_id, row.lease) for row in rows if row.lease]


async def held(tx: Transaction, webhook_id: UUID, lease: UUID) -> Webhook | None:
    """The row, locked, while the lease is ours; renewed."""
    row = await tx.get(Webhook, webhook_id, lock=True)
    if row is None or row.lease != lease:
        return None
    row.leased_until = tx.clock.now() + LEASE
    return row


async def release(tx: Transaction, leases: Collection[UUID]) -> None:
    """Of a process that stops: the others need not wait."""
    ours = sa.update(Webhook).where(Webhook.lease.in_(leases))
    await tx.execute(ours.values(lease=None, leased_until=None))
