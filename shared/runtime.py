"""One service, running: dependencies awaited, then lanes, listeners, tasks and relay side by side, stopped in order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

import structlog

from shared.bus.decision import Policy, backoff, describe
from shared.bus.listening import Listening
from shared.bus.outlet import checked
from shared.bus.port import Broker
from shared.clock import Clock
from shared.database import Database
from shared.events import Envelope, Event
from shared.failures import Failure, Transient
from shared.handling import Context, Service, Task
from shared.health import Check, Health
from shared.lanes import groups, topics
from shared.metrics import Metrics
from shared.observing import observed_by
from shared.relay import FLUSH_SECONDS, Relay, measure
from shared.settings import Settings
from shared.supervision import Running, cancel, end, start, until_told
from shared.telemetry import Tracing
from shared.version import VERSION
from shared.web import serving

log = structlog.get_logger(__name__)

# A dependency that is back is noticed within it.
LONGEST_WAIT_S = 3.0
# After the drain a lane still commits and leaves its group.
LEAVE_SECONDS = 10.0


async def run(
    service: Service,
    settings: Settings,
    broker: Broker,
    database: Database,
    clock: Clock,
    stop: asyncio.Event,
    *,
    tracing: Tracing | None = None,
    metrics: Metrics | None = None,
) -> None:
    """Until `stop` is set; then drains and returns. Raises when a part of it fails. Broker and database stay open."""
    metrics = metrics or Metrics()
    tracing = tracing or Tracing(
        service.name, settings.otlp_endpoint, share=settings.trace_share, instance=settings.instance
    )
    runtime = Runtime(service, settings, broker, database, clock, stop, tracing, metrics)
    try:
        with observed_by(tracing, metrics):
            await runtime.run()
    finally:
        await asyncio.to_thread(tracing.close)


class Runtime:
    def __init__(
        self,
        service: Service,
        settings: Settings,
        broker: Broker,
        database: Database,
        clock: Clock,
        stop: asyncio.Event,
        tracing: Tracing,
        metrics: Metrics,
    ) -> None:
        self._service, self._settings, self._broker, self._database = service, settings, broker, database
        self._clock, self._stop, self._metrics = clock, stop, metrics
        self._policy = Policy(
            dead_letter_limit=settings.dead_letter_limit, dead_letter_window_s=settings.dead_letter_window_seconds
        )
        self._opened = asyncio.Event()  # every resource is there
        self._groups = groups(service, settings, broker, database, clock, self._policy, metrics, tracing, self._opened)
        self._listening = Listening(service.listens, broker, self._policy, clock, metrics, tracing)
        self._relay = Relay(database, broker, clock, metrics)
        self._tasks_turned: dict[str, float] = {}
        self._running = False
        database.publishes, database.gateway_url = service.publishes, settings.gateway_url
        metrics.expect({event.topic.name for event in (*service.handles, *service.batches, *service.listens)})
        metrics.info.labels(service.name, VERSION).set(1)

    async def run(self) -> None:
        checks: dict[str, Check] = {"broker": self._broker.ready, "database": self._database.ready}
        checks |= {**self._service.checks, "start": self._check_running}
        health = Health(self._clock, self._metrics, checks, self._turned, self._refresh)
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(
                serving(health.app, self._settings.ops_host, self._settings.ops_port)
            )
            log.info("starts", ops_port=port)
            if await self._prepared():
                joining = [start(group.group, group.run(self._stop)) for group in self._groups]
                if await self._opens(stack, joining):
                    await self._work(joining)
        log.info("stopped")

    async def _prepared(self) -> bool:
        """False when it was told to stop while it waited."""
        wanted = topics(self._service)
        return (
            await self._available("the database", self._database.ready)
            and await self._available("the broker", self._broker.ready)
            and await self._available("its topics", lambda: self._broker.ensure_topics(wanted))
        )

    async def _available(
        self, what: str, ready: Callable[[], Awaitable[object]], passing: type[Failure] = Failure
    ) -> bool:
        failures = 0
        while not self._stop.is_set():
            try:
                await ready()
                return True
            except passing as failure:
                failures += 1
                after_s = backoff(failures, Policy(longest_s=LONGEST_WAIT_S), 1.0)
                log.warning("waits", waits_for=what, after_s=after_s, error=describe(failure))
                await _first([self._stop.wait(), self._clock.sleep(after_s)])
        return False

    async def _opens(self, stack: AsyncExitStack, joining: Sequence[Running]) -> bool:
        """False when it was told to stop while it waited for a resource's server. Meanwhile the service joins the
        groups that nobody else is in: a broker needs seconds for it."""
        opened = False
        try:
            for resource in self._service.resources:
                entering = partial(stack.enter_async_context, resource)
                if not await self._available(type(resource).__name__, entering, Transient):
                    return False
            opened = True
            return True
        finally:
            if not opened:
                self._stop.set()
                await self._leave(joining)

    async def _leave(self, workers: Sequence[Running]) -> None:
        await end(workers, self._settings.drain_seconds + LEAVE_SECONDS)

    async def _work(self, joining: Sequence[Running]) -> None:
        relay_stop = asyncio.Event()
        relay = start("outbox relay", self._relay.run(relay_stop))
        listening = start("listening", self._listening.run())
        workers = [*joining]
        try:
            if not self._listening.caught_up.is_set():
                log.info("waits", waits_for="everything that its listeners have to know")
                await until_told([*workers, relay, listening], self._listening.caught_up, self._stop)
            workers += [start(name, _begun(task, self._context(name))) for name, task in self._service.tasks.items()]
            if not self._stop.is_set():
                self._opened.set()
            self._running = True
            log.info("runs")
            await until_told([*workers, relay, listening], self._stop)
        finally:
            self._running = False
            self._stop.set()
            await self._leave(workers)
            relay_stop.set()
            await end([relay], FLUSH_SECONDS + LEAVE_SECONDS)
            await cancel(listening)

    def _context(self, task: str) -> Context:
        """Every task asks again and again whether it is to stop: that is how it is seen to turn."""
        self._tasks_turned[task] = self._clock.monotonic()

        def stopping() -> bool:
            self._tasks_turned[task] = self._clock.monotonic()
            return self._stop.is_set()

        return Context(self._database, self._clock, self._produce, stopping, self._metrics)

    async def _produce(self, envelopes: Sequence[Envelope[Event]]) -> None:
        await self._broker.produce(checked(envelopes, self._service.publishes))

    async def _check_running(self) -> None:
        if not self._running:
            raise Transient("the service is starting or stopping")
        if waiting := [group.group for group in self._groups if not group.joined]:
            raise Transient(f"joining {', '.join(waiting)}")

    def _turned(self) -> Mapping[str, float]:
        """What must turn within a minute. Tasks may work for longer: they are told at /metrics alone."""
        if not self._running:
            return {}
        return {"outbox relay": self._relay.turned_at} | {group.group: group.turned_at for group in self._groups}

    async def _refresh(self) -> None:
        """Before each scrape. Without the database, the outbox gauges keep what they said last."""
        self._metrics.idle.clear()
        for name, at in {**self._turned(), **self._tasks_turned}.items():
            self._metrics.idle.labels(name).set(self._clock.monotonic() - at)
        self._metrics.lag.clear()
        for group in self._groups:
            for partition, lag in group.lags().items():
                self._metrics.lag.labels(partition.topic, str(partition.number)).set(lag)
        try:
            await measure(self._database, self._metrics)
        except Failure as failure:
            log.warning("outbox not measured", error=describe(failure))


async def _begun(task: Task, context: Context) -> None:
    await task(context)


async def _first(awaitables: Sequence[Awaitable[object]]) -> None:
    """Until one of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in awaitables]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
