"""One member of a group, a record at a time: the real lane and the real partition worker, without their timers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.bus.attempts import Attempts
from shared.bus.case_lane import CHUNK, CaseLane
from shared.bus.dead_letters import DeadLetters
from shared.bus.decision import Policy
from shared.bus.memory import MemoryBroker
from shared.bus.partition import PartitionWorker, Released, Turn
from shared.bus.port import Partition, Received
from shared.database import Database
from shared.events import Event
from shared.handling import Handler, Service
from shared.metrics import Metrics
from shared.telemetry import Tracing
from tests.support.interleaving.mortal import Death

POLICY = Policy(retries=0, dead_letter_limit=1000)


class Consumer:
    """`committed`: where the next life begins, by partition. `at`: how far this life is."""

    def __init__(
        self, name: str, handles: dict[type[Event], Handler], broker: MemoryBroker, database: Database
    ) -> None:
        self.name, self.broker = name, broker
        self.topics = {event.topic.name for event in handles}
        self.committed: dict[Partition, int] = {}
        self.at: dict[Partition, int] = {}
        self._service = Service(name, handles)
        self._database = database
        self._lane = self._made_lane()
        self._worker: PartitionWorker | None = None

    def _made_lane(self) -> CaseLane:
        metrics, clock = Metrics(), self._database.clock
        letters = DeadLetters(self.broker, POLICY, clock, metrics, self.name)
        attempts = Attempts(POLICY, letters, metrics)
        return CaseLane(
            self._service.handles, f"{self.name}.case", self._database, clock, attempts, metrics, Tracing(self.name)
        )

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

    async def deliver(self, partition: Partition) -> bool:
        """The next record of it; False when it has to wait for something else. Raises `Death`."""
        offset = self.at.get(partition, 0)
        record = self.broker.log(partition)[offset]
        self._worker = worker = PartitionWorker(partition, self._handle, CHUNK, self._database.clock)
        worker.put([record])
        while worker.done is None and not worker.task.done():
            await asyncio.wait({worker.task, looking := asyncio.ensure_future(asyncio.sleep(0.0005))},
                               return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
            looking.cancel()
        if not worker.task.done():
            await worker.release(5.0)
        if isinstance(death := worker.task.exception(), Death):
            raise death
        if worker.done is None:
            return False
        self.at[partition] = worker.done
        return True

    def commit(self) -> None:
        """What the worker calls finished, as the runner's timer does: also while a record is being handled."""
        if self._worker is not None and self._worker.uncommitted is not None:
            self.committed[self._worker.partition] = self._worker.uncommitted

    def next_life(self) -> None:
        self.at, self._worker = dict(self.committed), None

    async def _handle(self, records: Sequence[Received], turn: Turn) -> None:
        await self._lane(records, _NoPatience(turn))


class _NoPatience:
    """Who would wait gives the partition back: the order of the steps decides when it is tried again."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    async def pause(self, seconds: float) -> None:
        raise Released

    def settled(self, record: Received) -> None:
        self._turn.settled(record)
