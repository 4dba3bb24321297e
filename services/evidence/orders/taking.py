"""Who works on which order: leased rows, so that two processes share the table and a kill leaves nothing undone.

Orders of one case are carried out in the order in which they were placed, those of different cases past each other.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.evidence.custody.lines import SELF
from services.evidence.orders.store import Order
from shared.database import Transaction
from shared.events import EvidenceOrderDone, OrderKind
from shared.failures import Failure
from shared.identity import identity

LEASE_S = 60.0  # a killed process's order is taken over after it; whoever works renews it three times meanwhile
OWN: sa.ColumnElement[bool] = sa.literal_column(f"(by = '{SELF}')")  # as the index `orders_turn` has it
AGAIN_S = 10.0  # the store or the database was away: looked again, without end


class Lost(Failure):
    """Another process has taken the order over: nothing of what was done for it may be written down."""


async def take(tx: Transaction, worker: str) -> Order | None:
    """The oldest order that is due and not behind another of its case, people's first: none of them waits until all
    whose time is over are destroyed. It is the worker's for `LEASE_S`."""
    now, earlier = tx.clock.now(), aliased(Order)
    blocked = sa.exists().where(
        earlier.case_id == Order.case_id, earlier.position < Order.position, earlier.done_at.is_(None)
    )
    due = sa.select(Order).where(Order.done_at.is_(None), Order.next_at <= now, ~blocked)
    row = await tx.scalar(due.order_by(OWN, Order.position).limit(1).with_for_update(skip_locked=True))
    if row is not None:
        row.taken_by, row.next_at, row.tries = worker, now + timedelta(seconds=LEASE_S), row.tries + 1
    return row


async def mine(tx: Transaction, order: Order, worker: str) -> Order:
    """The order under lock. Raises `Lost`."""
    row = await tx.get(Order, order.order_id, lock=True)
    if row is None or row.done_at is not None or row.taken_by != worker:
        raise Lost(f"order {order.order_id} is another's by now")
    return row


async def renew(tx: Transaction, order: Order, worker: str) -> None:
    row = await mine(tx, order, worker)
    row.next_at = tx.clock.now() + timedelta(seconds=LEASE_S)


async def postpone(tx: Transaction, order: Order, worker: str, why: str, *, blameless: bool) -> None:
    """It waits; `blameless`: what it waits for is not its fault, so the try does not count."""
    row = await mine(tx, order, worker)
    row.taken_by, row.next_at, row.error = None, tx.clock.now() + timedelta(seconds=AGAIN_S), why
    row.tries -= blameless


async def finish(
    tx: Transaction, order: Order, worker: str, *, result: dict[str, Any] | None = None, error: str | None = None
) -> None:
    """Write down how it ended, and tell whoever ordered it. Either `result` or `error`."""
    row = await mine(tx, order, worker)
    row.done_at, row.result, row.error = tx.clock.now(), result, error
    done = EvidenceOrderDone(
        order_id=row.order_id,
        case_id=row.case_id,
        kind=OrderKind(row.kind),
        by=row.by,
        why=row.why,
        basis=row.basis,
        ordered_at=row.ordered_at,
        done_at=row.done_at,
        error=error,
        result=result or {},
    )
    tx.publish(done, id=identity("evidence.order-done", row.order_id))


async def waiting(tx: Transaction) -> int:
    return await tx.scalar(sa.select(sa.func.count()).select_from(Order).where(Order.done_at.is_(None))) or 0
