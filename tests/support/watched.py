"""The loop, watched as an operator would: traces in an OTLP receiver, figures scraped, logs read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx
import sqlalchemy as sa
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from oteltap import OtelTapHttpProtobufReceiver, OtelTapHttpProtobufReceiverSettings

from haetae.demonstration import Demonstration
from services import SERVICES
from services.gateway.store import Case
from shared.logging import SECRET_NAMES

# From the fetch to the removal, in the order in which they begin: names of spans, types of the events that they handle.
LOOP = (
    "visit",
    "GET",
    "process content.found",
    "process content.flagged",
    "capture document",
    "capture render",
    "s3 put_object",
    "process evidence.sealed",
    "process notice.drafted",
    "send review.decided",
    "process review.decided",
    "deliver",
    "submit",
    "check",
    "content.checked.v1",
    "removal.verified.v1",
)
BESIDE = ("notice.sent.v1", "check.requested.v1")  # several services hear of these, each in its own time
EVENT_TYPE = "cloudevents.event_type"


@dataclass
class Watched(Demonstration):
    """Every service sends its traces there."""

    endpoint: str = ""

    def _settings(self) -> dict[str, dict[str, str]]:
        own = super()._settings()
        return {name: {**own.get(name, {}), "HAETAE_OTLP_ENDPOINT": self.endpoint} for name in SERVICES}

    def logs(self) -> dict[str, str]:
        """Line by line as they are, with letters for what JSON writes as numbers."""
        return {name: unescaped(self.house.stack.home.log(name).read_text()) for name in SERVICES}

    async def markers(self) -> dict[str, str]:
        """What must stand in no log, no figure and no span, by what it is."""
        stack, receipt = self.house.stack, self.receipt
        secrets = {**stack.env, **{f"role {name}": one for name, one in stack.role_passwords.items()}}
        found = {name: value for name, value in secrets.items() if SECRET_NAMES.search(name) and len(value) >= 8}
        found["password of the official"] = self.password
        if receipt:
            found |= {"number of a report": receipt.number, "PIN of a report": receipt.pin}
        for box in await self.sandbox.mailboxes():
            found[f"mailbox {box.address}"] = box.address
        async with self.house.database("gateway") as database, database.transaction() as tx:
            for case in await tx.scalars(sa.select(Case)):
                finding = case.finding
                assert finding is not None
                found |= {f"address of {case.case_id}": finding.url, f"title of {case.case_id}": finding.title}
                found[f"words of {case.case_id}"] = " ".join(finding.excerpt.split()[:6])
        return {name: marker for name, marker in found.items() if len(marker) >= 4}

    async def scrapes(self) -> dict[str, str]:
        """What each service says at /metrics."""
        async with httpx.AsyncClient(trust_env=False) as http:
            ports = {name: self.house.stack.home.last_port(f"ops_{name}") for name in SERVICES}
            return {name: (await http.get(f"http://127.0.0.1:{port}/metrics")).text for name, port in ports.items()}


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[str, list[Span]]]:
    """Where to send traces, and what came."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    came: list[Span] = []
    async with OtelTapHttpProtobufReceiver(OtelTapHttpProtobufReceiverSettings(http_port=port)) as receiver:

        async def keep() -> None:
            async for span in receiver.stream_traces():
                came.append(span)

        keeping = asyncio.create_task(keep())
        try:
            yield f"http://127.0.0.1:{port}", came
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping


def unescaped(log: str) -> str:
    return "\n".join(json.dumps(json.loads(line), ensure_ascii=False) for line in log.splitlines() if line[:1] == "{")


def by_trace(spans: Iterable[Span]) -> Mapping[UUID, list[Span]]:
    """In order of their beginning."""
    traces: dict[UUID, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda one: one.start_time_unix_nano):
        traces[UUID(bytes=span.trace_id)].append(span)
    return traces


def lacking(case: UUID, trace: Sequence[Span]) -> list[str]:
    """What a removed case's trace lacks, as sentences: steps of the loop, parents, the one root."""
    begun: dict[str, int] = {}
    for span in trace:
        for name in (span.name, str(dict(attributes(span)).get(EVENT_TYPE, ""))):
            begun.setdefault(name, span.start_time_unix_nano)
    known = {span.span_id for span in trace}
    wrong = [f"no span {name}" for name in (*LOOP, *BESIDE) if name not in begun]
    if not wrong and (order := sorted(LOOP, key=begun.__getitem__)) != list(LOOP):
        wrong.append(f"another order than the loop's: {order}")
    wrong += [f"{span.name} has a parent that never came" for span in trace if parentless(span, known)]
    if {span.span_id for span in trace if not span.parent_span_id} != {case.bytes[8:]}:
        wrong.append("its root is not the case's")
    return wrong


def attributes(span: Span) -> list[tuple[str, object]]:
    """Its own, and those of its events."""
    every = [*span.attributes, *(one for event in span.events for one in event.attributes)]
    return [(one.key, getattr(one.value, one.value.WhichOneof("value") or "string_value")) for one in every]


def words_of(spans: Iterable[Span]) -> str:
    """Everything that they say."""
    return "\n".join(f"{span.name} {span.status.message} {attributes(span)}" for span in spans)


def parentless(span: Span, known: set[bytes]) -> bool:
    return bool(span.parent_span_id) and span.parent_span_id not in known


def leaked(markers: Mapping[str, str], told: Mapping[str, str]) -> list[str]:
    """Which marker stands where, and after what."""
    found = []
    for name, marker in markers.items():
        for place, text in told.items():
            at = text.find(marker)
            if at >= 0:
                found.append(f"{name} in {place}: …{text[max(0, at - 200) : at + len(marker) + 20]}")
    return found
