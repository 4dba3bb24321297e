"""One storm: findings put into the topic as they are due, the group's lag read, pods started and stopped by it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from benchmarks.storming.curve import Curve, Moment
from benchmarks.storming.lags import LagReader
from benchmarks.storming.pods import Pods
from deploy.local.stack import Stack
from deploy.scaling.controller import SYNC_S, Controller
from deploy.scaling.scaler import Scaler
from shared.bus.kafka import KafkaBroker
from shared.bus.port import Record

EVERY_S = 0.5  # a moment of the curve
PATIENCE_S = 900.0


@dataclass
class Storm:
    """`due`: seconds after the beginning, in order, one a record. `speed`: how much faster the controller's clock is.

    Without a controller the pods stay as many as they are. `after`: once all is sealed, the controller goes on until
    there are so many pods again; None: no need to wait for that.
    """

    stack: Stack
    broker: KafkaBroker
    pods: Pods
    lags: LagReader
    scaler: Scaler
    topic: str
    owner: str
    records: Sequence[Record]
    cases: Sequence[UUID]
    due: Sequence[float]
    speed: float
    controller: Controller | None
    after: int | None = None
    _moments: list[Moment] = field(default_factory=list)
    _sent: int = 0
    _lag: int = 0

    async def run(self) -> Curve:
        """Raises `TimeoutError` when it does not end, `RuntimeError` when a process dies."""
        self._begun, before = time.monotonic(), len(self.pods.started_s)
        async with (
            asyncio.timeout(PATIENCE_S),
            await psycopg.AsyncConnection.connect(self.owner, autocommit=True) as db,
        ):
            tasks = [asyncio.create_task(work) for work in (self._send(), self._control())]
            try:
                drained = await self._watch(db, tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return Curve(self._moments, drained, self.pods.started_s[before:])

    def _now(self) -> float:
        return time.monotonic() - self._begun

    async def _send(self) -> None:
        while self._sent < len(self.records):
            last = self._sent
            while last < len(self.due) and self.due[last] <= self._now():
                last += 1
            await self.broker.produce(self.records[self._sent : last])
            self._sent = last
            if last < len(self.due):
                await asyncio.sleep(max(0.0, self.due[last] - self._now()))

    async def _control(self) -> None:
        """As the autoscaler does: each `SYNC_S` of its clock it reads, decides and asks."""
        pairs = [(trigger.group, trigger.topic) for trigger in self.scaler.triggers]
        while True:
            lags = await self.lags.read(pairs)
            self._lag = sum(sum(some) for (_, topic), some in lags.items() if topic == self.topic)
            if self.controller:
                wanted = self.controller.step(self._now() * self.speed, self.pods.asked, lags)
                self.pods.ask(self.stack, wanted)
            await asyncio.sleep(SYNC_S / self.speed)

    async def _watch(self, db: psycopg.AsyncConnection, tasks: Sequence[asyncio.Task[None]]) -> float:
        drained: float | None = None
        while drained is None or (self.after is not None and self.pods.reading > self.after):
            done = await self._done(db)
            self._moments.append(
                Moment(round(self._now(), 2), self._sent, done, self._lag, self.pods.asked, self.pods.reading)
            )
            if drained is None and done == len(self.cases):
                drained = self._now()
            if self.pods.died:
                raise RuntimeError(f"a process died: {self.pods.died[0]}")
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(EVERY_S)
        return drained

    async def _done(self, db: psycopg.AsyncConnection) -> int:
        told = "SELECT count(*) FROM evidence.evidence WHERE sealed_at IS NOT NULL AND case_id = ANY(%s)"
        row = await (await db.execute(told, [list(self.cases)])).fetchone()
        return int(row[0]) if row else 0
