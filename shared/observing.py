"""What a service does beside its handlers, seen: calls to somebody else, parts of a handler, stages of a case.

The runtime says once who observes (`observed_by`); code deep inside says what happens. Where nobody observes, in a
command or a test, nothing is counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Literal
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind

from shared.events.base import Event
from shared.metrics import Metrics
from shared.spans import CASE, carrier, failed, linked, open_span, within
from shared.telemetry import Tracing
from shared.traces import DROPPED, SAMPLED, RootOf, chosen, context_of, headers_of, is_of

Value = str | int | float | bool
Attributes = Mapping[str, Value]
NONE: Attributes = {}
# Who is called, as the label `to`: a closed list, so that it stays a handful of series.
To = Literal[
    "site", "smtp", "imap", "s3", "database", "rdap", "stamps", "calendars", "report_api", "keys", "oidc", "webhook",
    "peer",
]  # fmt: skip
Stage = Literal[
    "found_to_flagged",
    "flagged_to_sealed",
    "found_to_drafted",
    "drafted_to_decided",
    "approved_to_accepted",
    "check_due_to_answered",
    "sent_to_removed",
]


@dataclass(frozen=True)
class Observer:
    tracing: Tracing
    metrics: Metrics


_OBSERVER: ContextVar[Observer | None] = ContextVar("observer", default=None)


@contextmanager
def observed_by(tracing: Tracing, metrics: Metrics) -> Iterator[None]:
    """For everything inside, and the tasks that begin there."""
    token = _OBSERVER.set(Observer(tracing, metrics))
    try:
        yield
    finally:
        _OBSERVER.reset(token)


def observer() -> Observer | None:
    return _OBSERVER.get()


class Call:
    """What becomes of a call; without a word it went well."""

    def __init__(self, span: Span) -> None:
        self._span, self.outcome = span, "ok"

    def says(self, attributes: Attributes) -> None:
        """By the names of OpenTelemetry's semantic conventions."""
        for name, value in attributes.items():
            self._span.set_attribute(name, value)

    def failed(self, error: str) -> None:
        """`error`: a class of errors, not its text."""
        self.outcome = "failed"
        failed(self._span, error)


@contextmanager
def calling(to: To, name: str, attributes: Attributes = NONE) -> Iterator[Call]:
    """A call to somebody else, told as one. What it raises is a failure."""
    observer, began = _OBSERVER.get(), perf_counter()
    if observer is None:
        yield Call(trace.INVALID_SPAN)
        return
    call: Call | None = None
    outcome = "failed"
    try:
        with _child(observer, name, SpanKind.CLIENT, attributes) as span:
            call = Call(span)
            yield call
        outcome = call.outcome
    finally:
        observer.metrics.calls.labels(to, outcome).observe(perf_counter() - began)


def counted(to: To, outcome: str, seconds: float) -> None:
    """A call that was timed elsewhere."""
    if (observer := _OBSERVER.get()) is not None:
        observer.metrics.calls.labels(to, outcome).observe(seconds)


@contextmanager
def part(name: str, attributes: Attributes = NONE) -> Iterator[Call]:
    """A part of what is done now that takes its time: a step, a model."""
    if (observer := _OBSERVER.get()) is None:
        yield Call(trace.INVALID_SPAN)
        return
    with _child(observer, name, SpanKind.INTERNAL, attributes) as span:
        yield Call(span)


@contextmanager
def work_on(case: UUID, name: str, others: Sequence[UUID] = ()) -> Iterator[dict[str, str]]:
    """Work on a case that no record brought: a row was due. Yields its context, as headers. `others`: cases that it
    serves as well."""
    links = [Link(context_of(one)) for one in dict.fromkeys(others) if one != case]
    with _in_trace(case, name, SAMPLED, links) as headers:
        yield headers


@contextmanager
def look_at(case: UUID, name: str, cause: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Work on what would be this case, should it become one: of these traces a share is kept. `cause`: the context of
    what made it due, of which it is linked."""
    observer = _OBSERVER.get()
    kept = observer is not None and chosen(case.int, observer.tracing.share)
    with _in_trace(case, name, SAMPLED if kept else DROPPED, linked(cause)) as headers:
        yield headers


def began(case: UUID, since: datetime) -> None:
    """There is a case: the span that stands for it, parent of all others. Said twice it is the same span."""
    if (observer := _OBSERVER.get()) is None:
        return
    with RootOf(case):
        span = observer.tracing.tracer.start_span(
            "case", Context(), attributes={CASE: str(case)}, start_time=int(since.timestamp() * 1e9)
        )
    span.end()


def took(stage: Stage, since: datetime, until: datetime) -> None:
    """A case came through a stage. Clocks of two machines may differ: never less than nothing."""
    if (observer := _OBSERVER.get()) is not None:
        observer.metrics.stages.labels(stage).observe(max(0.0, (until - since).total_seconds()))


def onward(event: Event, cause: Mapping[str, str] | None) -> dict[str, str]:
    """The trace context that an event takes along: its cause's, or where that is another trace than its case's, that
    of a span of the case which is linked with the present one."""
    here = trace.get_current_span()
    if event.key != "case_id":
        return dict(cause or {}) or (carrier(here) if here.get_span_context().is_valid else {})
    case = UUID(event.key_value)
    if cause and is_of(cause, case):
        return dict(cause)
    if here.get_span_context().trace_id == case.int:
        return carrier(here)
    if (observer := _OBSERVER.get()) is None:
        return headers_of(case)
    span = observer.tracing.tracer.start_span(
        f"send {event.topic.name}",
        within(context_of(case)),
        SpanKind.PRODUCER,
        attributes={
            CASE: str(case),
            "messaging.system": "kafka",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": event.topic.name,
        },
        links=[Link(here.get_span_context())] if here.get_span_context().is_valid else [],
    )
    here.add_link(span.get_span_context())
    span.end()
    return carrier(span)


@contextmanager
def _child(observer: Observer, name: str, kind: SpanKind, attributes: Attributes) -> Iterator[Span]:
    """Of the current span. Where there is none it is counted alone: a task does such things all day."""
    if not trace.get_current_span().is_recording():
        yield trace.INVALID_SPAN
        return
    with open_span(observer.tracing.tracer, name, kind, attributes=attributes) as span:
        yield span


@contextmanager
def _in_trace(case: UUID, name: str, flags: trace.TraceFlags, links: Sequence[Link]) -> Iterator[dict[str, str]]:
    if (observer := _OBSERVER.get()) is None:
        yield headers_of(case)
        return
    parent = within(context_of(case, flags))
    with open_span(
        observer.tracing.tracer, name, SpanKind.INTERNAL, context=parent, attributes={CASE: str(case)}, links=links
    ) as span:
        yield carrier(span)
