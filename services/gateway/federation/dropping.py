"""A peer's statement counts no more: it was withdrawn, is over, or its agency is believed no longer."""

from typing import Literal, cast

import sqlalchemy as sa

from services.gateway import history
from services.gateway.audit import FEDERATION_CHAIN, Action
from services.gateway.federation.store import Received, ReceivedState
from shared.database import Transaction
from shared.events import StatementDropped
from shared.handling import Context
from shared.identity import identity
from shared.regularly import regularly

Why = Literal["withdrawn", "expired", "disbelieved"]
COUNTED = ("known", "harmless", "contact")  # what other services hear of
AT_ONCE = 500
BY = "gateway"
LOOK_S = 60.0


def drop(tx: Transaction, row: Received, state: ReceivedState, by: str) -> None:
    """The row is held. `state`: withdrawn, expired or disbelieved."""
    now, counted = tx.clock.now(), row.state == ReceivedState.TAKEN and row.kind in COUNTED
    row.state, row.ended_at, row.ended_by = state.value, now, by
    if counted:
        event = StatementDropped(
            statement_id=row.statement_id,
            issuer=row.issuer,
            kind=cast(Literal["known", "harmless", "contact"], row.kind),
            why=cast(Why, state.value),
            by=by,
            dropped_at=now,
        )
        tx.publish(event, id=identity("statement.dropped", row.statement_id))


async def end_in_time(context: Context) -> None:
    """The task."""
    await regularly(context, LOOK_S, expire)


async def expire(tx: Transaction) -> int:
    """What was said until now counts no more; how many."""
    live = Received.state.in_((ReceivedState.WAITING, ReceivedState.TAKEN))
    over = sa.select(Received).where(Received.until <= tx.clock.now(), live)
    rows = await tx.scalars(over.order_by(Received.until).limit(AT_ONCE).with_for_update(skip_locked=True))
    by_issuer: dict[str, int] = {}
    for row in rows:
        drop(tx, row, ReceivedState.EXPIRED, BY)
        by_issuer[row.issuer] = by_issuer.get(row.issuer, 0) + 1
    for issuer, number in sorted(by_issuer.items()):
        told = {"peer": issuer, "statements": number, "why": "expired"}
        await history.append(tx, FEDERATION_CHAIN, BY, Action.STATEMENTS_DROPPED, told)
    return len(rows)
