"""What a service is made of, as plain values: which events it handles and how, what it publishes, what runs beside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from shared.clock import Clock
from shared.database import Database, Transaction
from shared.events import Envelope, Event
from shared.metrics import Metrics


class Outlet(Protocol):
    """Where a batch handler puts what it found. Written to the broker after the handler, before the offsets."""

    def publish(self, event: Event, *, id: UUID, cause: Envelope[Event] | None = None) -> None:
        """`id` must be deterministic: the same work done twice publishes the same id."""
        ...


# Case lane: one event, one transaction. `handler(event, tx)`; whatever it raises, nothing of it happened.
Handler = Callable[[Any, Transaction], Awaitable[None]]


@dataclass(frozen=True)
class Prepared:
    """A case handler whose slow work (a capture) must not hold a transaction open.

    `prepare(event)` runs outside any transaction and may run again after a crash; `record(event, prepared, tx)` then
    runs in the one with the inbox. An event that was handled before is skipped before `prepare`. When `record` fails
    it is tried again with what was prepared: the world may have changed meanwhile, and a page be gone.
    """

    prepare: Callable[[Any], Awaitable[Any]]
    record: Callable[[Any, Any, Transaction], Awaitable[None]]


# Hot lane: many events at once, no transaction, idempotent. `handler(envelopes, outlet)`.
BatchHandler = Callable[[Sequence[Envelope[Any]], Outlet], Awaitable[None]]
# Broadcast: every process of the service sees every event from the first on. `handler(event)`.
Listener = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True)
class Context:
    """What the runner hands to a background task."""

    database: Database
    clock: Clock
    produce: Callable[[Sequence[Envelope[Event]]], Awaitable[None]]  # hot lane only: acknowledged on return
    stopping: Callable[[], bool]
    metrics: Metrics = field(default_factory=Metrics)


Task = Callable[[Context], Awaitable[None]]


@dataclass(frozen=True)
class Service:
    """A service on one screen. `resources` are entered before the first record and left after the last.

    `tasks` run beside the handlers until `Context.stopping()`; one that ends or fails stops the service loudly.
    """

    name: str
    handles: Mapping[type[Event], Handler | Prepared] = field(default_factory=dict)
    batches: Mapping[type[Event], BatchHandler] = field(default_factory=dict)
    listens: Mapping[type[Event], Listener] = field(default_factory=dict)
    publishes: frozenset[type[Event]] = frozenset()
    tasks: Mapping[str, Task] = field(default_factory=dict)
    resources: Sequence[AbstractAsyncContextManager[object]] = ()
    checks: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)  # readiness beyond broker and DB
    database_settings: Mapping[str, str] = field(default_factory=dict)  # of PostgreSQL, for every connection
    batch_size: int = 64  # records a batch handler gets at most
