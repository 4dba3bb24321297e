"""From a service's table to its consumer groups: one a lane, and the topics that must be there."""

import asyncio
from collections.abc import Collection, Mapping

from shared.bus.attempts import Attempts
from shared.bus.case_lane import CHUNK, CaseLane
from shared.bus.dead_letters import DeadLetters
from shared.bus.decision import Policy
from shared.bus.hot_lane import HotLane
from shared.bus.partition import Handle
from shared.bus.port import Broker
from shared.bus.runner import GroupRunner
from shared.clock import Clock
from shared.database import Database
from shared.events import Event
from shared.handling import Service
from shared.metrics import Metrics
from shared.settings import Settings
from shared.telemetry import Tracing


def groups(
    service: Service,
    settings: Settings,
    broker: Broker,
    database: Database,
    clock: Clock,
    policy: Policy,
    metrics: Metrics,
    tracing: Tracing,
    opened: asyncio.Event | None = None,
) -> list[GroupRunner]:
    """`<service>.case` and `<service>.hot`, where there is anything to handle. `opened`: as in `GroupRunner`."""
    attempts = Attempts(policy, DeadLetters(broker, policy, clock, metrics, service.name), metrics)

    def group(lane: str, events: Collection[type[Event]], handle: Handle, chunk: int) -> GroupRunner:
        return GroupRunner(
            broker,
            f"{service.name}.{lane}",
            sorted({event.topic.name for event in events}),
            handle,
            chunk=chunk,
            instance=f"{service.name}-{settings.instance}",
            drain_s=settings.drain_seconds,
            clock=clock,
            metrics=metrics,
            opened=opened,
        )

    made = []
    if service.handles:
        case = CaseLane(service.handles, f"{service.name}.case", database, clock, attempts, metrics, tracing)
        made.append(group("case", service.handles, case, CHUNK))
    if service.batches:
        source = f"/haetae/{service.name}"
        group_name, publishes = f"{service.name}.hot", service.publishes
        hot = HotLane(service.batches, group_name, source, publishes, broker, clock, attempts, metrics, tracing)
        made.append(group("hot", service.batches, hot, service.batch_size))
    return made


def topics(service: Service) -> Mapping[str, int]:
    """What the service reads and writes, and the dead letters of what it handles, with their partitions."""
    handled = {event.topic for event in (*service.handles, *service.batches)}
    named = handled | {event.topic for event in (*service.listens, *service.publishes)}
    return {topic.name: topic.partitions for topic in named} | {topic.dead: 1 for topic in handled}
