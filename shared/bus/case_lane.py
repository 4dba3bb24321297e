"""The case lane: one record, one transaction with inbox, handler and outbox; then the offset."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from shared.bus.attempts import Attempts
from shared.bus.partition import Turn
from shared.bus.port import Received
from shared.bus.wanted import names, waited, wanted
from shared.clock import Clock
from shared.database import Database
from shared.events import Envelope, Event
from shared.events.envelope import decode
from shared.handling import Handler, Prepared
from shared.metrics import Metrics
from shared.telemetry import Tracing, Tries

CHUNK = 1


class CaseLane:
    def __init__(
        self,
        handles: Mapping[type[Event], Handler | Prepared],
        group: str,
        database: Database,
        clock: Clock,
        attempts: Attempts,
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self._handles, self._group, self._database, self._clock = handles, group, database, clock
        self._attempts, self._metrics, self._tracing = attempts, metrics, tracing

    async def __call__(self, records: Sequence[Received], turn: Turn) -> None:
        for record in records:
            if wanted(record, self._handles):
                with structlog.contextvars.bound_contextvars(**names(record)):
                    await self._attempts.settle(record, partial(self._once, record, [], Tries()), turn.pause)

    async def _once(self, record: Received, prepared: list[Any], tries: Tries) -> None:
        """`prepared`: what an earlier try of this record prepared, if one came so far."""
        with (
            self._tracing.processing(record, self._group, tries) as trace,
            self._metrics.seconds.labels(record.topic).time(),
        ):
            envelope = replace(decode(record.value, dict(record.headers)), trace=trace)
            if tries.made == 1:
                waited(self._metrics, envelope, self._clock)
            await self._handle(envelope, prepared)
        self._metrics.handled.labels(record.topic).inc()

    async def _handle(self, envelope: Envelope[Event], prepared: list[Any]) -> None:
        handler: Any = self._handles[type(envelope.event)]
        if isinstance(handler, Prepared):
            await self._handle_prepared(envelope, handler, prepared)
            return
        async with self._database.transaction(cause=envelope) as tx:
            if await tx.first_time():
                await handler(envelope.event, tx)

    async def _handle_prepared(self, envelope: Envelope[Event], handler: Prepared, prepared: list[Any]) -> None:
        async with self._database.transaction(cause=envelope) as tx:
            if await tx.handled_before():
                return
        if not prepared:
            prepared.append(await handler.prepare(envelope.event))
        async with self._database.transaction(cause=envelope) as tx:
            if await tx.first_time():
                await handler.record(envelope.event, prepared[0], tx)
