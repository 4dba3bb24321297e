"""Kafka through aiokafka. What it needs of a broker is little: at-least-once, keys, groups, explicit commits."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.bus.kafka_member import SESSION_SECONDS, KafkaMember, consuming, joined, received
from shared.bus.kafka_refusals import explained, told
from shared.bus.kafka_topics import Wanted, ensure_topics
from shared.bus.port import Able, Received, Record, Revoked, at_once
from shared.bus.retention import KEPT_MS
from shared.events import TOPICS
from shared.failures import Rejected, Transient

PRODUCER: dict[str, Any] = {
    "acks": "all",
    "linger_ms": 5,  # long enough for the partitions of one call to share a request
    "max_batch_size": 256 * 1024,
    "compression_type": "snappy",
    "request_timeout_ms": 15_000,  # also how long a batch is kept for a broker that is away
}
# What other agencies read: of all packings the one that every client opens without a further library.
PUBLIC_PACKING, GZIP = "gzip", 1  # as Kafka's format numbers it
PUBLIC = frozenset(topic.name for topic in TOPICS if topic.public)
READY_SECONDS = 3.0
FOLLOW_POLL_MS = 1000
PLAIN: Mapping[str, Any] = {}


class KafkaBroker:
    """`prefix` goes before every topic and group name, here and nowhere else. Close it at the end.

    `identity` is `KafkaSettings.kafka_identity`. Without `creates`, topics that are missing are awaited.
    Without `idempotence` it is taken for the embedded broker, and spared what that one cannot bear.
    """

    def __init__(
        self,
        bootstrap: str,
        prefix: str = "",
        idempotence: bool = True,
        client: str = "haetae",
        session_s: float = SESSION_SECONDS,
        identity: Mapping[str, Any] = PLAIN,
        creates: bool = True,
    ) -> None:
        self._session_s, self._creates = session_s, creates
        self._at = {"bootstrap_servers": bootstrap, "client_id": client, **identity}
        self._prefix, self._idempotence = prefix, idempotence
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()
        self._partitioner = DefaultPartitioner()

    async def ensure_topics(self, partitions: Mapping[str, int]) -> None:
        kept = KEPT_MS if self._idempotence else {}  # the embedded broker keeps everything
        wanted = [Wanted(self._prefix + name, count, kept.get(name)) for name, count in partitions.items()]
        await ensure_topics(self._at, wanted, self._creates)

    async def produce(self, records: Sequence[Record]) -> None:
        """Each partition's records go as whole batches one after another, stopping at the first that fails.

        So what was written of a partition is always a beginning: producing the rest again cannot change its order.
        """
        producer = await self._started()
        try:
            by_partition: dict[tuple[str, int], list[Record]] = defaultdict(list)
            for record in records:
                topic = self._prefix + record.topic
                numbers = sorted(await producer.partitions_for(topic))
                by_partition[topic, self._partitioner(record.key, numbers, numbers)].append(record)
            sent = [self._produce_partition(producer, *at, some) for at, some in by_partition.items()]
            results = await asyncio.gather(*sent, return_exceptions=True)
        except KafkaError as error:
            results = [error]
        failures = [result for result in results if isinstance(result, BaseException)]
        if not failures:
            return
        # It may have lost its sequence or its sender for good: the next call begins with a new one.
        self._retire(producer)
        if isinstance(failures[0], MessageSizeTooLargeError):
            raise Rejected(f"Kafka takes no record of this size: {failures[0]!r}") from failures[0]
        if isinstance(failures[0], KafkaError):
            raise Transient(f"Kafka did not take the records: {told(failures[0])}") from failures[0]
        raise failures[0]

    async def _produce_partition(
        self, producer: AIOKafkaProducer, topic: str, number: int, records: Sequence[Record]
    ) -> None:
        batch = _batch(producer, records[0].topic)
        for record in records:
            content = {
                "timestamp": None,
                "key": record.key,
                "value": record.value,
                "headers": [*record.headers.items()],
            }
            if batch.append(**content) is None:
                await (await producer.send_batch(batch, topic, partition=number))
                batch = _batch(producer, record.topic)
                batch.append(**content)
        await (await producer.send_batch(batch, topic, partition=number))

    @asynccontextmanager
    async def join(
        self, group: str, topics: Sequence[str], *, instance: str, on_revoked: Revoked, able: Able = at_once
    ) -> AsyncIterator[KafkaMember]:
        at = {**self._at, "client_id": instance}
        names = [self._prefix + topic for topic in topics]
        joining = joined(
            at,
            self._prefix + group,
            names,
            self._prefix,
            on_revoked,
            able,
            session_s=self._session_s,
            embedded=not self._idempotence,
        )
        async with joining as member:
            yield member

    async def follow(self, topics: Sequence[str]) -> AsyncIterator[Sequence[Received]]:
        names = [self._prefix + topic for topic in topics]
        consumer = AIOKafkaConsumer(*names, **self._at, **consuming(embedded=not self._idempotence))
        try:
            await consumer.start()
            caught_up = False
            while True:
                fetched = await consumer.getmany(timeout_ms=FOLLOW_POLL_MS)
                if records := [received(one, self._prefix) for some in fetched.values() for one in some]:
                    yield records
                    caught_up = False
                if not caught_up and await _at_the_end(consumer):
                    caught_up = True
                    yield []
        except KafkaError as error:
            raise Transient(
                f"Kafka: following {', '.join(topics)} failed: {await explained(error, self._at)}"
            ) from error
        finally:
            await consumer.stop()

    async def ready(self) -> None:
        try:
            async with asyncio.timeout(READY_SECONDS):
                producer = await self._started()
                await producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError) as error:
            raise Transient(f"Kafka does not answer: {error!r}") from error

    async def close(self) -> None:
        if self._producer:
            self._retire(self._producer)
        if self._retiring:
            await asyncio.wait(self._retiring)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._at, **PRODUCER, enable_idempotence=self._idempotence)
                try:
                    await producer.start()
                    self._producer = producer
                except KafkaError as error:
                    raise Transient(f"Kafka does not answer: {await explained(error, self._at)}") from error
                finally:
                    if self._producer is None:  # also when the wait for it was given up
                        await producer.stop()
            return self._producer

    def _retire(self, producer: AIOKafkaProducer) -> None:
        """Let it end what it has in hand, which takes as long as a batch is kept, and give it up."""
        if self._producer is producer:
            self._producer = None
            task = asyncio.create_task(producer.stop())
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)


def _batch(producer: AIOKafkaProducer, topic: str) -> BatchBuilder:
    """`topic` without prefix."""
    return BatchBuilder(PRODUCER["max_batch_size"], GZIP) if topic in PUBLIC else producer.create_batch()


async def _at_the_end(consumer: AIOKafkaConsumer) -> bool:
    """By the high watermark of the last fetch: the embedded broker's own answer for "latest" is wrong."""
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        if end is None or await consumer.position(partition) < end:
            return False
    return bool(consumer.assignment())
