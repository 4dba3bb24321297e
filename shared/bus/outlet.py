"""Events on their way to the broker without a database between: the hot lane."""

from collections.abc import Sequence
from uuid import UUID

from shared.bus.port import Record
from shared.clock import Clock
from shared.events import Envelope, Event
from shared.failures import Undeclared
from shared.observing import onward


def record_of(envelope: Envelope[Event]) -> Record:
    return Record(envelope.event.topic.name, envelope.key, envelope.value, envelope.headers)


class Collected:
    """The outlet of one handler call: holds what it publishes until the runner produces it."""

    def __init__(self, source: str, publishes: frozenset[type[Event]], clock: Clock) -> None:
        self._source, self._publishes, self._clock = source, publishes, clock
        self.envelopes: list[Envelope[Event]] = []

    def publish(self, event: Event, *, id: UUID, cause: Envelope[Event] | None = None) -> None:
        if type(event) not in self._publishes:
            raise Undeclared(event)
        trace = onward(event, cause.trace if cause else None)
        self.envelopes.append(Envelope(event, id, self._source, self._clock.now(), trace))


def checked(envelopes: Sequence[Envelope[Event]], publishes: frozenset[type[Event]]) -> list[Record]:
    """Their records. Raises `Undeclared` when the service does not say that it publishes them."""
    for envelope in envelopes:
        if type(envelope.event) not in publishes:
            raise Undeclared(envelope.event)
    return [record_of(envelope) for envelope in envelopes]
