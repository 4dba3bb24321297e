"""The broker's twin in memory: same promises, same contract suite, and faults on order."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from aiokafka.partitioner import murmur2

from shared.bus.memory_group import Group, MemoryMember
from shared.bus.port import Able, Partition, Received, Record, Revoked, at_once
from shared.failures import Transient

Log = list[Received]


class MemoryBroker:
    """Shared by every service of a process. Topics appear when they are first named, as on the embedded broker."""

    def __init__(self, default_partitions: int = 1) -> None:
        self._default = default_partitions
        self.topics: dict[str, list[Log]] = {}
        self.groups: dict[str, Group] = {}
        self.down = False
        self._produce_faults = self._commit_faults = 0
        self._news = asyncio.Event()

    # Faults

    def fail_produces(self, count: int) -> None:
        """The next `count` calls of `produce` write nothing and fail."""
        self._produce_faults = count

    def fail_commits(self, count: int) -> None:
        self._commit_faults = count

    @contextmanager
    def crash(self) -> Iterator[None]:
        """Away as long as the block lasts; what was acknowledged is kept."""
        self.down = True
        try:
            yield
        finally:
            self.down = False
            self.notify()

    async def die(self, group: str, instance: str) -> None:
        """This member is gone without a word: nothing drained, nothing committed; its partitions go to the others."""
        await self.groups[group].bury(instance)

    # The port

    async def ensure_topics(self, partitions: Mapping[str, int]) -> None:
        self.raise_if_down()
        for topic, count in partitions.items():
            self.topics.setdefault(topic, [[] for _ in range(count)])

    async def produce(self, records: Sequence[Record]) -> None:
        self.raise_if_down()
        if self._produce_faults:
            self._produce_faults -= 1
            raise Transient("memory broker: told to fail this produce")
        for record in records:
            logs = self.logs(record.topic)
            number = (murmur2(record.key) & 0x7FFFFFFF) % len(logs)
            logs[number].append(
                Received(
                    record.topic,
                    record.key,
                    record.value,
                    dict(record.headers),
                    partition=Partition(record.topic, number),
                    offset=len(logs[number]),
                )
            )
        self.notify()

    @asynccontextmanager
    async def join(
        self, group: str, topics: Sequence[str], *, instance: str, on_revoked: Revoked, able: Able = at_once
    ) -> AsyncIterator[MemoryMember]:
        self.raise_if_down()
        joined = self.groups.setdefault(group, Group())
        if joined.others(instance):
            await able()
        member = MemoryMember(self, joined, instance, frozenset(topics), on_revoked)
        await joined.enter(member)
        try:
            yield member
        finally:
            await joined.leave(member)

    async def follow(self, topics: Sequence[str]) -> AsyncIterator[Sequence[Received]]:
        read = {Partition(topic, number): 0 for topic in topics for number in range(len(self.logs(topic)))}
        told = False
        while True:
            fresh = [record for at, offset in read.items() for record in self.log(at)[offset:]]
            for record in fresh:
                read[record.partition] = record.offset + 1
            if fresh or not told:
                told = not fresh
                yield fresh
            else:
                await self.news()

    async def ready(self) -> None:
        self.raise_if_down()

    async def close(self) -> None:
        return

    # For its members

    def logs(self, topic: str) -> list[Log]:
        return self.topics.setdefault(topic, [[] for _ in range(self._default)])

    def log(self, partition: Partition) -> Log:
        return self.logs(partition.topic)[partition.number]

    def raise_if_down(self) -> None:
        if self.down:
            raise Transient("memory broker: down")

    def take_commit_fault(self) -> None:
        self.raise_if_down()
        if self._commit_faults:
            self._commit_faults -= 1
            raise Transient("memory broker: told to fail this commit")

    def notify(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def news(self) -> None:
        await self._news.wait()
