"""Inbox: the ids of handled events, written in the transaction that handles them, so that twice is once."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import Envelope, Event

INBOX = sa.Table(
    "inbox",
    sa.MetaData(),
    sa.Column("event_id", sa.Uuid, primary_key=True),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)


async def first_time(session: AsyncSession, envelope: Envelope[Event]) -> bool:
    """Enter the event into the inbox; False when it was handled before."""
    statement = insert(INBOX).values(event_id=envelope.id, event_type=envelope.event.type)
    result = await session.execute(statement.on_conflict_do_nothing().returning(INBOX.c.event_id))
    return result.first() is not None


async def handled_before(session: AsyncSession, envelope: Envelope[Event]) -> bool:
    """A plain read: it saves the work of an event that is known, and promises nothing about one that is not."""
    found = await session.execute(sa.select(sa.literal(1)).where(INBOX.c.event_id == envelope.id))
    return found.first() is not None
