"""Outboxes and topics agree."""

from chaos.invariants.seen import Seen
from services import SERVICES
from shared.events import TOPICS
from shared.events.base import Lane

OUTBOX = """
    SELECT event_id, topic, published_at FROM {}.outbox
    WHERE coalesce(published_at, created_at) < :before ORDER BY position
"""
CASE_TOPICS = [topic.name for topic in TOPICS if topic.lane is Lane.CASE]


async def published_as_committed(seen: Seen) -> list[str]:
    """Nothing waits in an outbox, and what was committed is in the log."""
    log, said = await seen.log(), []
    logged = log.ids
    for service in SERVICES:
        for row in await seen.rows(OUTBOX.format(service), before=log.begun):
            if row.published_at is None:
                said.append(f"{service}: event {row.event_id} of {row.topic} waits in the outbox")
            elif row.topic in CASE_TOPICS and row.event_id not in logged:
                said.append(f"{service}: event {row.event_id} was committed and is not in {row.topic}")
    return said
