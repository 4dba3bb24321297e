"""A member of one consumer group: polls, gives each partition to its worker, commits what is finished.

Invariant: an offset is committed only when every record before it is done or put aside. A partition that is taken away
is first drained and committed; what could not be committed is done again by the next owner, who knows it by its id.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

import structlog

from shared.bus.decision import Policy, backoff, describe
from shared.bus.partition import Handle, PartitionWorker, Turn
from shared.bus.port import Broker, Member, Partition, Received
from shared.clock import Clock
from shared.failures import Transient
from shared.metrics import Metrics

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
MAX_RECORDS = 2000
# Every commit is an object written on the embedded broker: at most one a second, for all partitions together.
COMMIT_SECONDS = 1.0
# A rebalance waits for the slowest member (`kafka_member.REBALANCE_MS`); what takes longer is done by the next owner.
REVOKE_SECONDS = 5.0
OPENED_POLL_S = 0.05


class GroupRunner:
    def __init__(
        self,
        broker: Broker,
        group: str,
        topics: Sequence[str],
        handle: Handle,
        *,
        chunk: int,
        instance: str,
        drain_s: float,
        clock: Clock,
        metrics: Metrics,
        opened: asyncio.Event | None = None,
    ) -> None:
        """`opened`: whether the handler may be called; None: from the beginning. Until it may, the member joins only
        where nobody else would do the work, and what it polled waits."""
        self.group, self.turned_at = group, clock.monotonic()
        self._broker, self._topics, self._handle, self._chunk = broker, topics, handle, chunk
        self._instance, self._drain_s, self._clock, self._metrics = instance, drain_s, clock, metrics
        self._opened = opened or _set()
        self._workers: dict[Partition, PartitionWorker] = {}
        self._member: Member | None = None
        self.joined = False  # a poll has returned: the group knows this member and gave it its share

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`, through broker outages. Raises what a worker could not settle."""
        failures, self.turned_at = 0, self._clock.monotonic()  # the service may have waited long before this
        while not stopping.is_set():
            began = self._clock.monotonic()
            try:
                await self._as_member(stopping)
            except Transient as away:
                lasted = self._clock.monotonic() - began
                failures = 1 if lasted > Policy.longest_s else failures + 1
                after_s = backoff(failures, Policy(), 1.0)
                log.warning("joins its group again", group=self.group, after_s=after_s, error=describe(away))
                self.turned_at = self._clock.monotonic()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), after_s)

    def lags(self) -> Mapping[Partition, int]:
        """Records not handled yet, by partition, as far as known."""
        if self._member is None:
            return {}
        known = {partition: self._member.lag(partition) for partition in self._member.assignment()}
        return {
            partition: lag + (self._workers[partition].waiting if partition in self._workers else 0)
            for partition, lag in known.items()
            if lag is not None
        }

    async def _as_member(self, stopping: asyncio.Event) -> None:
        joining = self._broker.join(
            self.group,
            self._topics,
            instance=self._instance,
            on_revoked=self._revoked,
            able=lambda: self._able(stopping),
        )
        async with joining as member:
            self._member = member
            committing = asyncio.create_task(self._commit_regularly(member))
            try:
                while not stopping.is_set():
                    records = await member.poll(MAX_RECORDS, POLL_SECONDS)
                    self.turned_at, self.joined = self._clock.monotonic(), True
                    self._hand_out(member, records)
                    self._raise_unsettled()
            finally:
                self.joined = False
                committing.cancel()
                await asyncio.wait({committing})
                await self._release(member, frozenset(self._workers), self._drain_s)
                self._member = None

    async def _able(self, stopping: asyncio.Event) -> None:
        while not self._opened.is_set():
            if stopping.is_set():
                raise Transient("told to stop before it could begin")
            await self._clock.sleep(OPENED_POLL_S)

    async def _when_opened(self, records: Sequence[Received], turn: Turn) -> None:
        while not self._opened.is_set():
            await turn.pause(OPENED_POLL_S)
        await self._handle(records, turn)

    def _hand_out(self, member: Member, records: Mapping[Partition, Sequence[Received]]) -> None:
        for partition, some in records.items():
            worker = self._workers.get(partition) or self._start(member, partition)
            worker.put(some)
            if worker.full:
                member.pause([partition])

    def _start(self, member: Member, partition: Partition) -> PartitionWorker:
        worker = PartitionWorker(partition, self._when_opened, self._chunk, self._clock)
        worker.on_room = lambda partition: member.resume([partition])
        self._workers[partition] = worker
        return worker

    def _raise_unsettled(self) -> None:
        for worker in self._workers.values():
            if worker.task.done() and (failure := worker.task.exception()):
                raise failure

    async def _revoked(self, partitions: frozenset[Partition]) -> None:
        if self._member and partitions:
            await self._release(self._member, partitions, REVOKE_SECONDS)

    async def _release(self, member: Member, partitions: frozenset[Partition], within_s: float) -> None:
        workers = [self._workers.pop(partition) for partition in partitions if partition in self._workers]
        await asyncio.gather(*(worker.release(within_s) for worker in workers))
        await self._commit(member, workers)

    async def _commit_regularly(self, member: Member) -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            await self._commit(member, list(self._workers.values()))

    async def _commit(self, member: Member, workers: Sequence[PartitionWorker]) -> None:
        offsets = {worker.partition: done for worker in workers if (done := worker.uncommitted) is not None}
        if not offsets:
            return
        try:
            await member.commit(offsets)
        except Transient as failure:
            self._metrics.commit_failures.labels(self.group).inc()
            log.warning("offsets not committed yet", group=self.group, error=describe(failure))
            return
        for worker in workers:
            worker.committed = offsets.get(worker.partition, worker.committed)


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
