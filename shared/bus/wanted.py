"""What a record's headers say, and how long it waited."""

from collections.abc import Container

from shared.bus.port import Received
from shared.clock import Clock
from shared.events import Envelope, Event
from shared.events.base import REGISTRY
from shared.metrics import Metrics


def wanted(record: Received, handled: Container[type[Event]]) -> bool:
    """Several types share a topic; a service takes those it handles and passes over the others.

    An unknown or missing type is wanted too: decoding says what is wrong with it.
    """
    known = _type(record)
    return known is None or known in handled


def names(record: Received) -> dict[str, str]:
    """What every log line about this record says: event, case (or what else its key is), trace."""
    known, trace = _type(record), record.headers.get("traceparent", b"").split(b"-")
    said = {"event_id": _text(record, "ce_id"), "event_type": _text(record, "ce_type")}
    if known:
        said[known.key] = record.key.decode(errors="replace")
    if len(trace) > 1:
        said["trace_id"] = trace[1].decode(errors="replace")
    elif "case_id" in said:  # its trace has its number (`shared/traces.py`)
        said["trace_id"] = said["case_id"].replace("-", "")
    return said


def waited(metrics: Metrics, envelope: Envelope[Event], clock: Clock) -> None:
    """How old the event is when its handler begins: the lag in seconds. Clocks of two machines may differ."""
    seconds = (clock.now() - envelope.time).total_seconds()
    metrics.waited.labels(envelope.event.topic.name).observe(max(0.0, seconds))


def _type(record: Received) -> type[Event] | None:
    return REGISTRY.get(_text(record, "ce_type"))


def _text(record: Received, header: str) -> str:
    return record.headers.get(header, b"").decode(errors="replace")
