"""The hot lane: a batch of records, what they cause written and acknowledged, then the offsets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from shared.bus.attempts import Attempts, Work
from shared.bus.outlet import Collected, record_of
from shared.bus.partition import Turn
from shared.bus.port import Broker, Received
from shared.bus.wanted import waited, wanted
from shared.clock import Clock
from shared.events import Envelope, Event, Undecodable
from shared.events.envelope import decode
from shared.handling import BatchHandler
from shared.metrics import Metrics
from shared.telemetry import Tracing

Item = tuple[Received, Envelope[Event]]


class HotLane:
    def __init__(
        self,
        handlers: Mapping[type[Event], BatchHandler],
        group: str,
        source: str,
        publishes: frozenset[type[Event]],
        broker: Broker,
        clock: Clock,
        attempts: Attempts,
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self._handlers, self._group, self._source, self._publishes = handlers, group, source, publishes
        self._broker, self._clock = broker, clock
        self._attempts, self._metrics, self._tracing = attempts, metrics, tracing

    async def __call__(self, records: Sequence[Received], turn: Turn) -> None:
        items = [(record, self._decoded(record)) for record in records if wanted(record, self._handlers)]
        for _, run in groupby(items, key=lambda item: _type(item[1])):
            await self._settle_run(list(run), turn)

    def _decoded(self, record: Received) -> Envelope[Event] | Undecodable:
        try:
            return decode(record.value, dict(record.headers))
        except Undecodable as undecodable:
            return undecodable

    async def _settle_run(self, run: Sequence[tuple[Received, Envelope[Event] | Undecodable]], turn: Turn) -> None:
        good: list[Item] = []
        for record, decoded in run:
            if isinstance(decoded, Undecodable):
                await self._attempts.settle(record, _raising(decoded), turn.pause)
                turn.settled(record)
            else:
                good.append((record, decoded))
        if good:
            await self._settle(good, turn)

    async def _settle(self, items: Sequence[Item], turn: Turn) -> None:
        """A batch that fails is halved until the record that poisons it is alone; its order is kept."""
        first = items[0][0]
        if len(items) == 1:
            await self._attempts.settle(first, lambda: self._once(items), turn.pause)
        elif await self._attempts.until_not_transient(first, lambda: self._once(items), turn.pause):
            middle = len(items) // 2
            await self._settle(items[:middle], turn)
            await self._settle(items[middle:], turn)
        turn.settled(items[-1][0])

    async def _once(self, items: Sequence[Item]) -> None:
        topic, handler = items[0][0].topic, self._handlers[type(items[0][1].event)]
        outlet = Collected(self._source, self._publishes, self._clock)
        with (
            self._tracing.processing_batch([record for record, _ in items], self._group) as traces,
            self._metrics.seconds.labels(topic).time(),
        ):
            batch = [replace(envelope, trace=trace) for (_, envelope), trace in zip(items, traces, strict=True)]
            for envelope in batch:
                waited(self._metrics, envelope, self._clock)
            await handler(batch, outlet)
        if outlet.envelopes:
            await self._broker.produce([record_of(envelope) for envelope in outlet.envelopes])
        self._metrics.handled.labels(topic).inc(len(items))


def _type(decoded: Envelope[Event] | Undecodable) -> type:
    return type(decoded) if isinstance(decoded, Undecodable) else type(decoded.event)


def _raising(failure: Exception) -> Work:
    async def fail() -> None:
        raise failure

    return fail
