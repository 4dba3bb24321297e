"""A few records in and out of a real broker, without a group."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


async def produce(bootstrap: str, topic: str, *values: bytes) -> None:
    """Acknowledged by the broker when this returns."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """The first `count` values of the topic."""
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def committed(bootstrap: str, group: str, topic: str, partitions: int) -> int:
    """How many of the topic's records the group is through with. The embedded broker wants to be asked by partition."""
    of = [TopicPartition(topic, number) for number in range(partitions)]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group, partitions=of)
    finally:
        await admin.close()
    return sum(max(0, at.offset) for at in offsets.values())
