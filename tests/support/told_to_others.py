"""All that stands in the public topics of a broker."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer

from shared.events import TOPICS

QUIET = 3  # looks of half a second without a record: the end


async def told_to_others(bootstrap: str) -> dict[str, str]:
    """By topic: keys, values and headers of its records, one a line."""
    public = [topic.name for topic in TOPICS if topic.public]
    told = dict.fromkeys(public, "")
    async with AIOKafkaConsumer(*public, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        quiet = 0
        while quiet < QUIET:
            batches = await consumer.getmany(timeout_ms=500)
            quiet = 0 if batches else quiet + 1
            for record in (one for records in batches.values() for one in records):
                parts = [record.key or b"", record.value or b"", *(raw for _, raw in record.headers)]
                told[record.topic] += b" ".join(parts).decode() + "\n"
    return told
