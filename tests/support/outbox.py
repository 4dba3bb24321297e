"""What a service said, out of its outbox."""

from typing import Any

import sqlalchemy as sa

from shared.database import Database
from shared.events import Event
from shared.events.envelope import decode
from shared.outbox import OUTBOX


async def told(database: Database, *types: type[Event]) -> list[Any]:
    """The events of these types, in their order; those that have been swept away are not among them."""
    async with database.transaction() as tx:
        rows = (await tx.execute(sa.select(OUTBOX.c.value, OUTBOX.c.headers).order_by(OUTBOX.c.position))).all()
    events = [decode(row.value, {name: text.encode() for name, text in row.headers.items()}).event for row in rows]
    return [event for event in events if isinstance(event, types)]
