"""Listeners: every process follows the topic from its first record, alone, and is ready once it has caught up."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from shared.bus.decision import Policy, Retry, backoff, decide, describe
from shared.bus.port import Broker, Received
from shared.bus.wanted import wanted
from shared.clock import Clock
from shared.events import Event
from shared.events.envelope import decode
from shared.failures import Transient
from shared.handling import Listener
from shared.metrics import Metrics
from shared.telemetry import Tracing

log = structlog.get_logger(__name__)


class Listening:
    def __init__(
        self,
        listens: Mapping[type[Event], Listener],
        broker: Broker,
        policy: Policy,
        clock: Clock,
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self._listens, self._broker, self._policy = listens, broker, policy
        self._clock, self._metrics, self._tracing = clock, metrics, tracing
        self._topics = sorted({event.topic.name for event in listens})
        self.caught_up = asyncio.Event()
        if not self._topics:
            self.caught_up.set()

    async def run(self) -> None:
        """For ever: cancel it. An outage is waited out; the topic is then followed from its first record again."""
        if not self._topics:
            await asyncio.Event().wait()
        failures = 0
        while True:
            try:
                async for records in self._broker.follow(self._topics):
                    failures = 0
                    await self._hear(records)
            except Transient as away:
                failures += 1
                log.warning("follows again", topics=self._topics, error=describe(away))
                await self._clock.sleep(backoff(failures, self._policy, 1.0))

    async def _hear(self, records: Sequence[Received]) -> None:
        if not records:
            self.caught_up.set()
        for record in records:
            if wanted(record, self._listens):
                await self._hear_one(record)

    async def _hear_one(self, record: Received) -> None:
        """What cannot be heard is told and passed over: parking it would park it again in each process, each start."""
        attempt = 0
        while True:
            try:
                with self._tracing.processing(record):
                    event = decode(record.value, dict(record.headers)).event
                    await self._listens[type(event)](event)
            except Exception as failure:
                attempt += 1
                self._metrics.failed.labels(record.topic).inc()
                match decide(failure, attempt, 0, self._policy):
                    case Retry(after_s):
                        log.warning(
                            "to be heard again", topic=record.topic, offset=record.offset, error=describe(failure)
                        )
                        await self._clock.sleep(after_s)
                    case _:
                        self._metrics.dead.labels(record.topic).inc()
                        log.error("passed over", topic=record.topic, offset=record.offset, exc_info=failure)
                        return
            else:
                self._metrics.handled.labels(record.topic).inc()
                return
