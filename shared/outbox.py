"""Outbox: events are rows of the transaction that caused them, and a relay brings them to the broker.

Invariant: at any time at most one relay a service publishes (advisory lock), the oldest row first, and a row is marked
published only after the broker's acknowledgement. A crash between the two publishes it again, with the same id.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import Envelope, Event

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


async def enqueue(session: AsyncSession, envelopes: Sequence[Envelope[Event]]) -> None:
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
