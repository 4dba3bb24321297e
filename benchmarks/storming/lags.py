"""How far a group is behind, as KEDA asks a broker: what it committed, against where its topics end.

The embedded broker's answer for "latest" is wrong after batches of several records, so the end is the high watermark of
a fetch, which every broker tells rightly.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.scaling.controller import Lags
from haetae.doctor.lag import FETCH_MS, ends_of


class LagReader:
    def __init__(self, admin: Any, consumer: Any, prefix: str) -> None:  # noqa: ANN401  # aiokafka is untyped
        self._admin, self._consumer, self._prefix = admin, consumer, prefix

    async def read(self, pairs: Iterable[tuple[str, str]]) -> Lags:
        """Of each group and topic, its partitions' lags in order. A group that committed nothing is at the start."""
        wanted = list(pairs)
        found = {pair: await self._committed(*pair) for pair in wanted}
        ends = await ends_of(self._consumer, [at for offsets in found.values() for at in offsets])
        return {
            pair: [max(0, ends[at] - offset) for at, offset in sorted(offsets.items())]
            for pair, offsets in found.items()
        }

    async def _committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        (described,) = await self._admin.describe_topics([self._prefix + topic])
        every = [TopicPartition(self._prefix + topic, one["partition"]) for one in described["partitions"]]
        told = await self._admin.list_consumer_group_offsets(self._prefix + group, partitions=every)
        return {at: max(0, told[at].offset) if at in told else 0 for at in every}


@asynccontextmanager
async def lag_reader(bootstrap: str, prefix: str) -> AsyncIterator[LagReader]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=FETCH_MS
    )
    try:
        await admin.start()
        await consumer.start()
        yield LagReader(admin, consumer, prefix)
    finally:
        await consumer.stop()
        await admin.close()
