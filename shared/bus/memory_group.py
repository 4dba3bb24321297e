"""Consumer groups of the memory broker: eager rebalance, as Kafka's classic protocol does it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shared.bus.port import Partition, Received, Revoked
from shared.failures import Transient

if TYPE_CHECKING:
    from shared.bus.memory import MemoryBroker


class Group:
    """Members in order of arrival, and the offsets that outlive them."""

    def __init__(self) -> None:
        self.offsets: dict[Partition, int] = {}
        self._members: list[MemoryMember] = []
        self._rebalancing = asyncio.Lock()

    def others(self, instance: str) -> bool:
        return any(member.instance != instance for member in self._members)

    async def enter(self, member: MemoryMember) -> None:
        async with self._rebalancing:
            await self._revoke_all()
            self._members.append(member)
            self._assign()

    async def leave(self, member: MemoryMember) -> None:
        """The member has drained and committed; the others begin where it stopped."""
        async with self._rebalancing:
            if member not in self._members:
                return
            self._members.remove(member)
            member.fence()
            await self._revoke_all()
            self._assign()

    async def bury(self, instance: str) -> None:
        """As `leave`, for one that says nothing and may go on working without knowing."""
        for member in [member for member in self._members if member.instance == instance]:
            await self.leave(member)

    async def _revoke_all(self) -> None:
        for member in self._members:
            member.rebalancing = True
        await asyncio.gather(*(member.on_revoked(member.assignment()) for member in self._members if member.positions))

    def _assign(self) -> None:
        for member in self._members:
            member.positions.clear()
            member.paused.clear()
            member.rebalancing = False
        topics = sorted({topic for member in self._members for topic in member.topics})
        for topic in topics:
            takers = [member for member in self._members if topic in member.topics]
            for number in range(len(takers[0].broker.logs(topic))):
                partition = Partition(topic, number)
                takers[number % len(takers)].positions[partition] = self.offsets.get(partition, 0)
        for member in self._members:
            member.broker.notify()


class MemoryMember:
    def __init__(
        self, broker: MemoryBroker, group: Group, instance: str, topics: frozenset[str], on_revoked: Revoked
    ) -> None:
        self.broker, self.instance, self.topics, self.on_revoked = broker, instance, topics, on_revoked
        self.positions: dict[Partition, int] = {}
        self.paused: set[Partition] = set()
        self.rebalancing = False
        self._group = group

    async def poll(self, max_records: int, timeout_s: float) -> Mapping[Partition, Sequence[Received]]:
        await asyncio.sleep(0)  # no broker is so near that a loop over it starves everything else
        try:
            async with asyncio.timeout(timeout_s):
                while not (fetched := self._fetch(max_records)):
                    await self.broker.news()
        except TimeoutError:
            return {}
        return fetched

    def _fetch(self, max_records: int) -> dict[Partition, Sequence[Received]]:
        fetched: dict[Partition, Sequence[Received]] = {}
        if self.broker.down or self.rebalancing:
            return fetched
        for partition, position in self.positions.items():
            room = max_records - sum(map(len, fetched.values()))
            if partition not in self.paused and room > 0:
                records = self.broker.log(partition)[position : position + room]
                if records:
                    fetched[partition] = records
                    self.positions[partition] = records[-1].offset + 1
        return fetched

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        self.broker.take_commit_fault()
        if lost := sorted(partition for partition in offsets if partition not in self.positions):
            raise Transient(f"{self.instance}: {lost[0].topic}/{lost[0].number} belongs to another member now")
        self._group.offsets.update(offsets)

    def pause(self, partitions: Sequence[Partition]) -> None:
        self.paused.update(partition for partition in partitions if partition in self.positions)

    def resume(self, partitions: Sequence[Partition]) -> None:
        if self.paused.intersection(partitions):
            self.paused.difference_update(partitions)
            self.broker.notify()

    def assignment(self) -> frozenset[Partition]:
        return frozenset(self.positions)

    def lag(self, partition: Partition) -> int | None:
        position = self.positions.get(partition)
        return None if position is None else len(self.broker.log(partition)) - position

    def fence(self) -> None:
        self.positions.clear()
