"""Outbox: events are rows of the transaction that caused them, and a relay brings them to the broker.

Invariant: at any time at most one relay a service publishes (advisory lock), the oldest row first, and a row is marked
published only after the broker's acknowledgement. A crash between the two publishes it again, with the same id.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import Envelope, Event
from shared.failures import Rejected

metadata = sa.MetaData()

OUTBOX = sa.Table(
    "outbox",
    metadata,
    sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("event_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("headers", JSONB, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("published_at", sa.DateTime(timezone=True)),
)


# Kafka's own limit for a record is 1 MiB with everything around it. What could never be published must not get in:
# the rows behind it would wait for ever.
MAX_VALUE = 900_000


async def enqueue(session: AsyncSession, envelopes: Sequence[Envelope[Event]]) -> None:
    """Raises `Rejected` for an event that no broker would take."""
    for envelope in envelopes:
        if (size := len(envelope.value)) > MAX_VALUE:
            raise Rejected(f"{envelope.event.type}: {size} bytes, more than the {MAX_VALUE} that fit into a record")
    rows = [
        {
            "event_id": envelope.id,
            "topic": envelope.event.topic.name,
            "key": envelope.key,
            "value": envelope.value,
            "headers": {name: raw.decode() for name, raw in envelope.headers.items()},
        }
        for envelope in envelopes
    ]
    await session.execute(insert(OUTBOX).on_conflict_do_nothing(index_elements=["event_id"]), rows)
