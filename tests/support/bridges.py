"""Public events as the runner brings them to the gateway."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg

from deploy.local.access import libpq_url
from services.gateway.bridges import feed
from shared.events import CaseChanged, Envelope, Event
from shared.events.examples import EXAMPLES
from tests.support.gateway import Desk


def emptied(owner_url: str) -> None:
    """A feed that nobody wrote to yet."""
    with psycopg.connect(libpq_url(owner_url), autocommit=True) as connection:
        connection.execute("DELETE FROM gateway.public_events")
        connection.execute("UPDATE gateway.public_events_ends SET newest = 0, forgotten = 0")


async def told(desk: Desk, event: Event | None = None, id: UUID | None = None) -> UUID:
    """One event, of its own transaction; its number."""
    event = event or EXAMPLES[CaseChanged]
    envelope = Envelope(event, id or uuid4(), "/haetae/gateway", datetime.now(UTC))
    async with desk.database.transaction(envelope) as tx:
        if await tx.first_time():
            await feed.take(event, tx)
    return envelope.id
