"""Traces: W3C context through record headers, so that one trace runs from the fetch to the removal."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from shared.bus.port import Record
from shared.spans import about, carrier, context_in, failed, open_span, parent_of
from shared.traces import Ids, making_root
from shared.version import VERSION

TRACES_PATH = "/v1/traces"  # OTLP/HTTP, "OTLP/HTTP Request"


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
        links = [Link(found) for record in records if (found := context_in(parent_of(record))).is_valid]
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


class _ByShare(TraceIdRatioBased):
    """A case's root is kept, as all of its trace is."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if making_root():
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
        return super().should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)


def _sampler(share: float) -> Sampler:
    return ParentBased(root=_ByShare(share))
