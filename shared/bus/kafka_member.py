"""A member of a Kafka consumer group."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.bus.kafka_predecessor import leave_for_predecessor
from shared.bus.kafka_refusals import explained, told
from shared.bus.port import Able, Partition, Received, Revoked
from shared.failures import Transient

log = structlog.get_logger(__name__)

CONSUMER: dict[str, Any] = {"auto_offset_reset": "earliest", "enable_auto_commit": False}
# Kafka answers a waiting fetch when a record comes. The embedded broker looks again after half of the wait: from 500 ms
# to 100 ms a record's way fell from 253 to 54 ms, and the idle service took 1.07 % of a core instead of 0.97 %.
FETCH_WAIT_MS, EMBEDDED_FETCH_WAIT_MS = 500, 100
SESSION_SECONDS = 6.0  # Kafka's own least; a dead member's partitions are back in work after it
GROUP: dict[str, Any] = {
    # Longer than a member drains (`runner.REVOKE_SECONDS`) and commits, or it is thrown out while it does.
    "rebalance_timeout_ms": 15_000,
    "max_poll_interval_ms": 60_000,
}
COMMIT_TIMEOUT_S = 4.0


def consuming(embedded: bool) -> dict[str, Any]:
    return {**CONSUMER, "fetch_max_wait_ms": EMBEDDED_FETCH_WAIT_MS if embedded else FETCH_WAIT_MS}


class KafkaMember:
    def __init__(self, consumer: AIOKafkaConsumer, prefix: str, positions: dict[Partition, int]) -> None:
        self._consumer, self._prefix, self._positions = consumer, prefix, positions

    async def poll(self, max_records: int, timeout_s: float) -> Mapping[Partition, Sequence[Received]]:
        """During a rebalance it returns only when that is over."""
        try:
            fetched = await self._consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        except KafkaError as error:
            raise Transient(f"Kafka: poll failed: {told(error)}") from error
        polled = {
            logical(at, self._prefix): [received(record, self._prefix) for record in some]
            for at, some in fetched.items()
        }
        for partition, records in polled.items():
            self._positions[partition] = records[-1].offset + 1
        return polled

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """aiokafka tries a commit for as long as the broker is away; here it fails, and the caller tries again."""
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._consumer.commit({self._physical(at): offset for at, offset in offsets.items()})
        except TimeoutError as error:
            raise Transient(f"Kafka: no answer to a commit within {COMMIT_TIMEOUT_S:g} s") from error
        except KafkaError as error:
            raise Transient(f"Kafka: commit failed: {told(error)}") from error

    def pause(self, partitions: Sequence[Partition]) -> None:
        self._consumer.pause(*self._held(partitions))

    def resume(self, partitions: Sequence[Partition]) -> None:
        self._consumer.resume(*self._held(partitions))

    def assignment(self) -> frozenset[Partition]:
        return frozenset(logical(at, self._prefix) for at in self._consumer.assignment())

    def lag(self, partition: Partition) -> int | None:
        """By the high watermark of the last fetch: the embedded broker's own answer for "latest" is wrong."""
        at = self._physical(partition)
        end = self._consumer.highwater(at) if at in self._consumer.assignment() else None
        return None if end is None else max(0, end - self._positions.get(partition, end))

    def _held(self, partitions: Sequence[Partition]) -> list[TopicPartition]:
        held = self._consumer.assignment()
        return [at for partition in partitions if (at := self._physical(partition)) in held]

    def _physical(self, partition: Partition) -> TopicPartition:
        return TopicPartition(self._prefix + partition.topic, partition.number)


@asynccontextmanager
async def joined(
    at: Mapping[str, Any],
    group: str,
    topics: Sequence[str],
    prefix: str,
    on_revoked: Revoked,
    able: Able,
    *,
    session_s: float,
    embedded: bool,
) -> AsyncIterator[KafkaMember]:
    """A member of `group`; topics are the broker's names. Leaving tells the group, so that others take over at once;
    who died under our name without a word is taken to have left."""
    before = await leave_for_predecessor(at, group, embedded=embedded)
    if before.others:
        await able()
    session = {"session_timeout_ms": int(session_s * 1000), "heartbeat_interval_ms": int(session_s * 1000 / 6)}
    consumer = AIOKafkaConsumer(group_id=group, **at, **consuming(embedded), **GROUP, **session)
    positions: dict[Partition, int] = {}
    listener = _Listener(prefix, on_revoked, positions)
    try:
        await _started(consumer, topics, listener, before.mine)
        yield KafkaMember(consumer, prefix, positions)
    except KafkaError as error:
        raise Transient(f"Kafka: {group} could not be joined: {await explained(error, at)}") from error
    finally:
        if embedded:
            _may_leave(consumer)
        await consumer.stop()


async def _started(
    consumer: AIOKafkaConsumer, topics: Sequence[str], listener: ConsumerRebalanceListener, mine: str | None
) -> None:
    """Returns when the group has given us our share. `mine`: the id as which we join, else the broker gives one."""
    if mine is None:
        consumer.subscribe(topics, listener=listener)
        await consumer.start()
        return
    await consumer.start()  # without topics it does not join yet
    consumer._coordinator.member_id = mine
    log.info("goes on as the member that said no good-bye", member=mine)
    consumer.subscribe(topics, listener=listener)
    await consumer._subscription.wait_for_assignment()


def _may_leave(consumer: AIOKafkaConsumer) -> None:
    """On the embedded broker, tell the group that we leave if nobody else is in it, and otherwise do not.

    When two members leave at the same moment, its group keeps a leader that is gone, and nobody joins it ever again:
    the others' session ends by itself. Its generations begin with 0, and aiokafka leaves only from 1 on.
    """
    coordinator = consumer._coordinator
    if coordinator is not None and getattr(coordinator, "generation", -1) >= 0:
        all_of_it = sum(len(consumer.partitions_for_topic(topic) or ()) for topic in consumer.subscription())
        coordinator.generation = 1 if len(consumer.assignment()) == all_of_it else 0


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, prefix: str, on_revoked: Revoked, positions: dict[Partition, int]) -> None:
        self._prefix, self._on_revoked, self._positions = prefix, on_revoked, positions

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._on_revoked(frozenset(logical(at, self._prefix) for at in revoked))
        self._positions.clear()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Workers are started by the first record."""


def logical(at: TopicPartition, prefix: str) -> Partition:
    return Partition(at.topic.removeprefix(prefix), at.partition)


def received(record: ConsumerRecord, prefix: str) -> Received:
    topic = record.topic.removeprefix(prefix)
    return Received(
        topic,
        record.key or b"",
        record.value,
        dict(record.headers),
        partition=Partition(topic, record.partition),
        offset=record.offset,
    )
