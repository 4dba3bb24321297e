"""A case's trace: from the first fetch to the removal it has one id, and that is the case's own.

So nothing has to be kept for it: whoever goes on with a case months later, from a row of a table, goes on in its trace,
and who knows the case's number finds the trace. The last seven bytes of a UUID version 5 are a digest's, which is the
randomness that W3C Trace Context Level 2 (3.2.2.3) asks of an id by which traces are sampled.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from uuid import UUID

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import SpanContext, TraceFlags

RANDOM_BITS = 56  # of a trace's id, the lowest ones
SAMPLED, DROPPED = TraceFlags(TraceFlags.SAMPLED), TraceFlags(TraceFlags.DEFAULT)
_ROOT_OF: ContextVar[UUID | None] = ContextVar("root of", default=None)


def root_id(case: UUID) -> int:
    """Of the span that stands for the case as a whole. Never 0: a UUID has its variant there."""
    return case.int & (2**64 - 1)


def context_of(case: UUID, flags: TraceFlags = SAMPLED) -> SpanContext:
    """The case's root span, as the parent of whatever is done for the case."""
    return SpanContext(case.int, root_id(case), is_remote=True, trace_flags=flags)


def headers_of(case: UUID) -> dict[str, str]:
    return {"traceparent": f"00-{case.hex}-{root_id(case):016x}-01"}


def is_of(headers: Mapping[str, str], case: UUID) -> bool:
    """Whether this context lies in the case's trace."""
    return headers.get("traceparent", "")[3:35] == case.hex


def chosen(trace_id: int, share: float) -> bool:
    """Whether this trace is one of the `share` that are kept: the same in every service."""
    return float(trace_id % 2**RANDOM_BITS) < share * 2.0**RANDOM_BITS


class Ids(RandomIdGenerator):
    """Random, but for a case's root span."""

    def generate_trace_id(self) -> int:
        case = _ROOT_OF.get()
        return case.int if case else super().generate_trace_id()

    def generate_span_id(self) -> int:
        case = _ROOT_OF.get()
        return root_id(case) if case else super().generate_span_id()


def making_root() -> bool:
    return _ROOT_OF.get() is not None


class RootOf:
    """The span that begins inside is the case's root."""

    def __init__(self, case: UUID) -> None:
        self._case = case

    def __enter__(self) -> None:
        self._token = _ROOT_OF.set(self._case)

    def __exit__(self, *_: object) -> None:
        _ROOT_OF.reset(self._token)
