"""A service's consumer groups on a broker, without database and relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.bus.decision import Policy
from shared.bus.port import Broker, Received
from shared.clock import SystemClock
from shared.database import Database
from shared.handling import Service
from shared.lanes import groups, topics
from shared.metrics import Metrics
from shared.telemetry import Tracing
from tests.support.service import settings

# Retries without waiting: what is tested is how often, not how long.
IMPATIENT = Policy(first_s=0.0, dead_letter_limit=3)


@asynccontextmanager
async def consuming(service: Service, broker: Broker, policy: Policy = IMPATIENT) -> AsyncIterator[asyncio.Task[None]]:
    """The lanes at work; the task ends when one of them does. What it raised is raised at the end."""
    await broker.ensure_topics(topics(service))
    unused = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing", "/test")
    metrics = Metrics()
    runners = groups(service, settings(), broker, unused, SystemClock(), policy, metrics, Tracing(service.name))
    stop = asyncio.Event()
    working = asyncio.create_task(run_all([runner.run(stop) for runner in runners]))
    try:
        yield working
    finally:
        stop.set()
        await asyncio.wait({working})
    working.result()


async def run_all(runs: list[asyncio.Future[None]]) -> None:
    await asyncio.gather(*runs)


async def dead_letters(broker: Broker, topic: str) -> list[Received]:
    """All that are there now."""
    letters: list[Received] = []
    following = broker.follow([f"{topic}.dead"])
    while some := await anext(following):
        letters += some
    await following.aclose()  # type: ignore[attr-defined]
    return letters
