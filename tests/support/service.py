"""A service in this process, on a real database, and small events for it to handle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from shared.bus.outlet import record_of
from shared.bus.port import Broker, Record
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.events import CaseChanged, CrawlDue, Envelope, Event, Visit
from shared.handling import Service
from shared.identity import case_id, identity
from shared.metrics import Metrics
from shared.service import run
from shared.settings import Settings
from shared.telemetry import Tracing

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def case_changed(case: int, step: int) -> CaseChanged:
    """Step `step` of case `case`, told by the state."""
    return CaseChanged(case_id=case_number(case), state=str(step), category="c", country=None, changed_at=T0)


def case_number(case: int) -> UUID:
    return case_id(f"http://a.test/{case}")


def crawl_due(host: int, step: int) -> CrawlDue:
    return CrawlDue(url=f"http://h{host}.test/{step}", host=f"h{host}.test", visit=Visit.FIRST, due_at=T0)


def envelope(event: Event, *more: object) -> Envelope[Event]:
    """Its id follows from its content."""
    return Envelope(event, identity("test", event.model_dump_json(), *more), "/test", T0)


def record(event: Event, *more: object) -> Record:
    return record_of(envelope(event, *more))


def settings(**more: object) -> Settings:
    return Settings.model_validate({"database_url": "unused", "kafka_bootstrap": "unused", "drain_seconds": 5, **more})


@asynccontextmanager
async def running(
    service: Service,
    broker: Broker,
    database: Database,
    *,
    clock: Clock | None = None,
    tracing: Tracing | None = None,
    metrics: Metrics | None = None,
    **more: object,
) -> AsyncIterator[asyncio.Task[None]]:
    """Its task; stopped gracefully at the end, when what it raised is raised."""
    stop = asyncio.Event()
    part = run(
        service, settings(**more), broker, database, clock or SystemClock(), stop, tracing=tracing, metrics=metrics
    )
    working = asyncio.create_task(part)
    try:
        yield working
    finally:
        stop.set()
        await asyncio.wait({working})
    working.result()
