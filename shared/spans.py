"""Spans: how one is opened, whose child it is, what it says of a record.

They carry numbers and names of ours: no address of a page, no host of a site, no word that anybody wrote. An error is
its class; its text may quote anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.bus.port import Received, Record
from shared.events.base import REGISTRY
from shared.traces import context_of

CASE = "haetae.case"
_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def open_span(
    tracer: trace.Tracer,
    name: str,
    kind: SpanKind,
    *,
    context: Context | None = None,
    attributes: Mapping[str, str | int | float | bool] | None = None,
    links: Sequence[Link] = (),
) -> Iterator[Span]:
    """A current span. Of an exception it keeps the class alone."""
    with tracer.start_as_current_span(
        name,
        context,
        kind,
        attributes=attributes,
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:
            failed(span, error)
            raise


def failed(span: Span, error: BaseException | str) -> None:
    """OpenTelemetry, "Recording errors": the status and `error.type`."""
    span.set_attribute("error.type", error if isinstance(error, str) else type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))


def carrier(span: Span) -> dict[str, str]:
    """The span's context as headers `traceparent` and `tracestate`."""
    made: dict[str, str] = {}
    _PROPAGATOR.inject(made, trace.set_span_in_context(span))
    return made


def within(context: SpanContext) -> Context:
    """For the `context` of a span that is to be its child."""
    return trace.set_span_in_context(NonRecordingSpan(context), Context())


def linked(headers: Mapping[str, str]) -> list[Link]:
    """A link with the span of these headers, if they name one."""
    found = context_in(_PROPAGATOR.extract(headers, Context()))
    return [Link(found)] if found.is_valid else []


def parent_of(record: Record) -> Context:
    """The context of a record's headers; of a record about a case that has none, the case's. Cases are always kept."""
    context = _PROPAGATOR.extract(_text(record.headers), Context())
    if (case := case_of(record)) is None:
        return context
    found = context_in(context)
    if not found.is_valid:
        return within(context_of(case))
    kept = context_of(case).trace_flags
    return within(SpanContext(found.trace_id, found.span_id, is_remote=True, trace_flags=kept))


def case_of(record: Record) -> UUID | None:
    """Whose number is the record's key."""
    known = REGISTRY.get(record.headers.get("ce_type", b"").decode(errors="replace"))
    if known is None or known.key != "case_id":
        return None
    try:
        return UUID(record.key.decode())
    except ValueError:
        return None


def about(record: Record, group: str, *, one: bool = True) -> dict[str, str | int]:
    """OpenTelemetry semantic conventions for messaging, 1.38 (Kafka). `one`: of the record, not of its batch."""
    said: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": record.topic,
    }
    if group:
        said["messaging.consumer.group.name"] = group
    if isinstance(record, Received):
        said["messaging.destination.partition.id"] = str(record.partition.number)
        if one:
            said["messaging.kafka.offset"] = record.offset
    if one:
        for name, header in (("messaging.message.id", "ce_id"), ("cloudevents.event_type", "ce_type")):
            said[name] = record.headers.get(header, b"").decode(errors="replace")[:64]
        if case := case_of(record):
            said[CASE] = str(case)
    return said


def context_in(context: Context) -> SpanContext:
    return trace.get_current_span(context).get_span_context()


def _text(headers: Mapping[str, bytes]) -> dict[str, str]:
    return {name: headers[name].decode("ascii", "replace") for name in ("traceparent", "tracestate") if name in headers}
