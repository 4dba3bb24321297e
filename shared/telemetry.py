"""Traces: W3C context through record headers, so that one trace runs from the fetch to the notice."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.bus.port import Record

TRACES_PATH = "/v1/traces"  # OTLP/HTTP, "OTLP/HTTP Request"
_PROPAGATOR = TraceContextTextMapPropagator()


class _Provider(TracerProvider):
    """Without the SDK's fork handler: in the child it uses a thread pool whose lock was held for the fork, so that a
    child with a `preexec_fn` never reaches its `exec` (opentelemetry-sdk 1.45)."""

    def _handle_fork(self) -> None:
        return


class Tracing:
    """One service's tracer. Without an endpoint spans are made but sent nowhere: logs still carry the trace's id."""

    def __init__(self, service: str, endpoint: str | None = None, processor: SpanProcessor | None = None) -> None:
        self._provider = _Provider(resource=Resource({"service.name": f"haetae-{service}"}))
        if endpoint:
            self._provider.add_span_processor(
                BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + TRACES_PATH))
            )
        if processor:
            self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("haetae")

    @contextmanager
    def processing(self, topic: str, headers: Mapping[str, bytes]) -> Iterator[dict[str, str]]:
        """A current span for one record, child of the record's context. Yields its own context, as headers."""
        with self._tracer.start_as_current_span(
            f"process {topic}", context=_PROPAGATOR.extract(_text(headers)), kind=SpanKind.CONSUMER
        ) as span:
            yield carrier(span)

    @contextmanager
    def processing_batch(self, records: list[Record]) -> Iterator[list[dict[str, str]]]:
        """A span for each record of a batch; none is current, because the handler works on all of them at once."""
        spans = [
            self._tracer.start_span(
                f"process {record.topic}", context=_PROPAGATOR.extract(_text(record.headers)), kind=SpanKind.CONSUMER
            )
            for record in records
        ]
        try:
            yield [carrier(span) for span in spans]
        finally:
            for span in spans:
                span.end()

    def close(self) -> None:
        """Send what is left. Blocks for some seconds at most."""
        self._provider.shutdown()


def carrier(span: Span) -> dict[str, str]:
    """The span's context as headers `traceparent` and `tracestate`."""
    made: dict[str, str] = {}
    _PROPAGATOR.inject(made, trace.set_span_in_context(span))
    return made


def _text(headers: Mapping[str, bytes]) -> dict[str, str]:
    return {name: headers[name].decode("ascii", "replace") for name in ("traceparent", "tracestate") if name in headers}
