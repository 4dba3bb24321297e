"""A group of consumers, a record at a time: the real lane and the real partition worker, and the broker's twin, which
gives the partitions of who died or stood still to another member."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.bus.attempts import Attempts
from shared.bus.case_lane import CaseLane
from shared.bus.dead_letters import DeadLetters
from shared.bus.decision import Policy
from shared.bus.memory import MemoryBroker
from shared.bus.memory_group import Group, MemoryMember
from shared.bus.port import Partition, Received
from shared.events import Event
from shared.failures import Transient
from shared.handling import Handler, Prepared, Service
from shared.metrics import Metrics
from shared.telemetry import Tracing
from tests.support.interleaving.mortal import MortalDatabase
from tests.support.interleaving.shift import Shift, Zombie

POLICY = Policy(retries=0, dead_letter_limit=1000)
METRICS = Metrics()  # nobody reads them: made once, not for each life
LOOK_S = 0.001


class Consumer:
    """`at`: how far the member is that has the partitions. `trespasses`: what others committed nevertheless."""

    def __init__(
        self, name: str, handles: dict[type[Event], Handler | Prepared], broker: MemoryBroker, database: MortalDatabase
    ) -> None:
        self.name, self.broker = name, broker
        self.topics = frozenset(event.topic.name for event in handles)
        self.at: dict[Partition, int] = {}
        self.zombies: list[Zombie] = []
        self.trespasses: list[str] = []
        self._service = Service(name, handles)
        self._database = database
        self._lane = self._made_lane()
        self._group, self._lives = Group(), 0
        self._member = self._made_member()
        self._shift: Shift | None = None

    def _made_lane(self) -> CaseLane:
        clock = self._database.clock
        attempts = Attempts(POLICY, DeadLetters(self.broker, POLICY, clock, METRICS, self.name), METRICS)
        return CaseLane(
            self._service.handles, f"{self.name}.case", self._database, clock, attempts, METRICS, Tracing(self.name)
        )

    def _made_member(self) -> MemoryMember:
        self._lives += 1
        return MemoryMember(self.broker, self._group, f"{self.name}-{self._lives}", self.topics, _unasked)

    async def begin(self) -> None:
        await self._group.enter(self._member)

    def waiting(self) -> list[Partition]:
        """Partitions with a record that this life has not handled."""
        return [
            Partition(topic, number)
            for topic in sorted(self.topics)
            for number, log in enumerate(self.broker.logs(topic))
            if self.at.get(Partition(topic, number), 0) < len(log)
        ]

    def records(self) -> list[Received]:
        """All that are there for it to handle."""
        types = {event.type.encode() for event in self._service.handles}
        logs = [log for topic in sorted(self.topics) for log in self.broker.logs(topic)]
        return [record for log in logs for record in log if record.headers["ce_type"] in types]

    async def deliver(self, partition: Partition, most: int | None = 1) -> bool:
        """The next records of it; False when the first has to wait for something else. Raises `Death`."""
        self._shift = self._begun(partition, most)
        done = await self._shift.finish()
        if done is not None:
            self.at[partition] = done
        return done is not None

    def _begun(self, partition: Partition, most: int | None) -> Shift:
        offset = self.at.get(partition, 0)
        shift = Shift(partition, self._lane, self._database.clock)
        shift.worker.put(self.broker.log(partition)[offset : most and offset + most])
        return shift

    async def commit(self) -> None:
        """What the worker calls finished, as the runner's timer does: also while a record is being handled."""
        if self._shift is not None and (done := self._shift.worker.uncommitted) is not None:
            await self._member.commit({self._shift.worker.partition: done})

    async def next_life(self) -> None:
        """The member is gone without a word; another begins where the group's offsets are."""
        await self._group.bury(self._member.instance)
        self._member = self._made_member()
        await self.begin()
        self.at, self._shift = dict(self._member.positions), None

    # Who stands still

    async def stall(self, partition: Partition, point: str, blocked: Callable[[], Awaitable[bool]]) -> bool:
        """It stands still at this point of a record and its partitions go to another; False when it did not come there.

        Where it holds locks then, the other works until it waits for them or is past that record, before this goes on.
        """
        halt, shift = self._database.halt(point), self._begun(partition, None)
        if not await shift.halts(halt):
            self._database.halted = None
            if (done := await shift.finish()) is not None:
                self.at[partition] = done
            return False
        zombie = Zombie(self._member, shift, halt)
        in_hand = shift.worker.done or self.at.get(partition, 0)
        self.zombies.append(zombie)
        await self.next_life()
        if point == "handled":
            other = asyncio.create_task(self._catch_up(partition, in_hand))
            while not other.done() and not await blocked():
                await asyncio.sleep(LOOK_S)
            await self.go_on(zombie)
            await other
        return True

    async def _catch_up(self, partition: Partition, offset: int) -> None:
        while self.at.get(partition, 0) <= offset and partition in self.waiting():
            if not await self.deliver(partition):
                return

    async def go_on(self, zombie: Zombie) -> None:
        """As if nothing had happened: all that it had polled, and then its offset."""
        self.zombies.remove(zombie)
        offsets = await zombie.go_on()
        try:
            await zombie.member.commit(offsets)
        except Transient:
            return
        if offsets:
            self.trespasses.append(f"{zombie.member.instance} committed {offsets} when another had the partition")


async def _unasked(_: frozenset[Partition]) -> None:
    """Who is gone is not asked to drain."""
