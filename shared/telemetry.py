"""Traces: W3C context through record headers, so that one trace runs from the fetch to the removal.

Spans carry numbers and names of ours: no address of a page, no host of a site, no word that anybody wrote. An error is
its class; its text may quote anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.bus.port import Received, Record
from shared.events.base import REGISTRY
from shared.traces import Ids, context_of
from shared.version import VERSION

TRACES_PATH = "/v1/traces"  # OTLP/HTTP, "OTLP/HTTP Request"
CASE = "haetae.case"
_PROPAGATOR = TraceContextTextMapPropagator()


class _Provider(TracerProvider):
    """Without the SDK's fork handler: in the child it uses a thread pool whose lock was held for the fork, so that a
    child with a `preexec_fn` never reaches its `exec` (opentelemetry-sdk 1.45)."""

    def _handle_fork(self) -> None:
        return


@dataclass
class Tries:
    """What is known of a record's earlier tries in this process: the span of the first one."""

    first: SpanContext | None = None
    made: int = field(default=0)


class Tracing:
    """One service's tracer. `share` of what belongs to no case is kept; cases are, whole.

    Without an endpoint nothing is recorded: the ids still go on, and logs carry them.
    """

    def __init__(
        self,
        service: str,
        endpoint: str | None = None,
        processor: SpanProcessor | None = None,
        *,
        share: float = 1.0,
        instance: str = "0",
    ) -> None:
        self.share = share
        named = {"service.name": f"haetae-{service}", "service.instance.id": instance, "service.version": VERSION}
        self._provider = _Provider(
            sampler=_sampler(share) if endpoint or processor else ALWAYS_OFF,
            resource=Resource({"service.namespace": "haetae", **named}),
            id_generator=Ids(),
        )
        if endpoint:
            self._provider.add_span_processor(
                BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + TRACES_PATH))
            )
        if processor:
            self._provider.add_span_processor(processor)
        self.tracer = self._provider.get_tracer("haetae", VERSION)

    @contextmanager
    def processing(self, record: Record, group: str = "", tries: Tries | None = None) -> Iterator[dict[str, str]]:
        """A current span for one record, child of the record's context. Yields its own context, as headers.

        A further try is linked with the first one (`tries`).
        """
        tries = tries or Tries()
        links = [Link(tries.first)] if tries.first else []
        tries.made += 1
        with open_span(
            self.tracer,
            f"process {record.topic}",
            SpanKind.CONSUMER,
            context=parent_of(record),
            attributes={**about(record, group), "haetae.try": tries.made},
            links=links,
        ) as span:
            tries.first = tries.first or span.get_span_context()
            yield carrier(span)

    @contextmanager
    def processing_batch(self, records: Sequence[Record], group: str = "") -> Iterator[list[dict[str, str]]]:
        """A span for each record of a batch in the record's own trace, linked with the current one of the batch: the
        handler works on all of them at once."""
        links = [Link(found) for record in records if (found := _context(parent_of(record))).is_valid]
        counted = {**about(records[0], group, one=False), "messaging.batch.message_count": len(records)}
        name = f"process {records[0].topic}"
        with open_span(
            self.tracer, f"{name} batch", SpanKind.CONSUMER, context=Context(), attributes=counted, links=links
        ) as batch:
            together = [Link(batch.get_span_context())]
            spans = [
                self.tracer.start_span(
                    name, parent_of(record), SpanKind.CONSUMER, attributes=about(record, group), links=together
                )
                for record in records
            ]
            try:
                yield [carrier(span) for span in spans]
            except BaseException as error:
                for span in spans:
                    failed(span, error)
                raise
            finally:
                for span in spans:
                    span.end()

    def close(self) -> None:
        """Send what is left. Blocks for some seconds at most."""
        self._provider.shutdown()


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
    found = _context(_PROPAGATOR.extract(headers, Context()))
    return [Link(found)] if found.is_valid else []


def parent_of(record: Record) -> Context:
    """The context of a record's headers; of a record about a case that has none, the case's. Cases are always kept."""
    context = _PROPAGATOR.extract(_text(record.headers), Context())
    if (case := case_of(record)) is None:
        return context
    found = _context(context)
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


def _context(context: Context) -> SpanContext:
    return trace.get_current_span(context).get_span_context()


def _sampler(share: float) -> Sampler:
    return ParentBased(root=TraceIdRatioBased(share))


def _text(headers: Mapping[str, bytes]) -> dict[str, str]:
    return {name: headers[name].decode("ascii", "replace") for name in ("traceparent", "tracestate") if name in headers}
