"""What is seen of a case from outside: one trace, whoever goes on with it; figures of calls, stages and requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.metrics import Metrics
from shared.observing import began, calling, look_at, observed_by, onward, part, took, work_on
from shared.requests_observing import Observed
from shared.spans import carrier
from shared.telemetry import Tracing, Tries
from shared.traces import chosen, headers_of, is_of
from tests.support.service import T0, case_changed, case_number, crawl_due, record

SECRET = "the lantern parcel waits at gate seven"
FOREIGN = "0af7651916cd43dd8448eb211c80319c"
CASE, OTHER = case_number(1), case_number(2)


class Seen:
    def __init__(self, share: float = 1.0) -> None:
        self._exporter, self.metrics = InMemorySpanExporter(), Metrics()
        self.tracing = Tracing("test", processor=SimpleSpanProcessor(self._exporter), share=share)

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def seen() -> Iterator[Seen]:
    seen = Seen()
    with observed_by(seen.tracing, seen.metrics):
        yield seen


def trace_of(span: ReadableSpan) -> UUID:
    return UUID(int=span.context.trace_id)


def test_a_case_is_one_trace_whoever_goes_on_with_it(seen: Seen) -> None:
    with look_at(CASE, "visit", {}) as found, calling("site", "GET"):
        pass
    began(CASE, T0)
    with work_on(CASE, "deliver", [OTHER]):
        told = onward(case_changed(1, 1), None)
    spans = seen.spans
    assert {trace_of(span) for span in spans.values()} == {CASE}
    root = spans["case"].context.span_id
    assert spans["case"].parent is None
    assert {name: span.parent.span_id for name, span in spans.items() if span.parent} == {
        "visit": root,
        "GET": spans["visit"].context.span_id,
        "deliver": root,
    }
    assert is_of(found, CASE)
    assert told["traceparent"].split("-")[2] == f"{spans['deliver'].context.span_id:016x}"
    assert [UUID(int=link.context.trace_id) for link in spans["deliver"].links] == [OTHER]


def test_a_case_that_is_begun_twice_has_one_root(seen: Seen) -> None:
    began(CASE, T0)
    first = seen.spans["case"]
    began(CASE, T0)
    assert seen.spans["case"].context.span_id == first.context.span_id


def test_what_another_trace_brings_about_is_told_in_the_cases_own_and_linked(seen: Seen) -> None:
    with seen.tracing.tracer.start_as_current_span("POST /decision") as request:
        told = onward(case_changed(1, 1), None)
    sent, asked = seen.spans["send case.events"], seen.spans["POST /decision"]
    assert is_of(told, CASE)
    assert trace_of(sent) == CASE
    assert [link.context.span_id for link in sent.links] == [request.get_span_context().span_id]
    assert [link.context.span_id for link in asked.links] == [sent.context.span_id]
    assert not is_of(carrier(request), CASE)


def test_an_event_of_another_case_does_not_stay_in_its_causes_trace(seen: Seen) -> None:
    assert is_of(onward(case_changed(1, 1), headers_of(OTHER)), CASE)
    assert onward(case_changed(1, 1), headers_of(CASE)) == headers_of(CASE)


def test_without_anybody_who_observes_a_case_keeps_its_trace() -> None:
    assert onward(case_changed(1, 1), None) == headers_of(CASE)
    with work_on(CASE, "deliver") as headers, calling("smtp", "submit") as call, part("a step"):
        call.says({"a": 1})
    assert headers == headers_of(CASE)


def test_a_record_of_a_case_is_kept_and_its_further_tries_are_linked(seen: Seen) -> None:
    unsampled = record(case_changed(1, 1))
    unsampled = type(unsampled)(
        unsampled.topic,
        unsampled.key,
        unsampled.value,
        {**unsampled.headers, "traceparent": f"00-{CASE.hex}-b7ad6b7169203331-00".encode()},
    )
    tries = Tries()
    for _ in range(2):
        with seen.tracing.processing(unsampled, "gateway.case", tries):
            pass
    first, second = seen._exporter.get_finished_spans()
    assert first.links == ()
    assert [link.context.span_id for link in second.links] == [first.context.span_id]
    assert second.attributes is not None
    assert second.attributes["haetae.try"] == 2
    assert second.attributes["haetae.case"] == str(CASE)
    assert second.attributes["messaging.consumer.group.name"] == "gateway.case"


def test_a_batch_is_linked_with_its_records(seen: Seen) -> None:
    records = [record(case_changed(number, 1)) for number in (1, 2)]
    with seen.tracing.processing_batch(records, "gateway.hot") as headers:
        pass
    batch = seen.spans["process case.events batch"]
    assert [UUID(int=link.context.trace_id) for link in batch.links] == [CASE, OTHER]
    assert [is_of(one, case) for one, case in zip(headers, (CASE, OTHER), strict=True)] == [True, True]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_of_what_is_no_case_a_share_is_kept(share: float) -> None:
    seen = Seen(share)
    with observed_by(seen.tracing, seen.metrics):
        for number in range(400):
            with look_at(case_number(number), f"visit {number}", {}):
                pass
        began(CASE, T0)
        with work_on(CASE, "deliver"):
            pass
    assert {"case", "deliver"} <= set(seen.spans)
    assert (len(seen.spans) - 2) / 400 == pytest.approx(share, abs=0.08)


@given(st.uuids(version=5))
def test_a_trace_is_kept_wherever_a_smaller_share_keeps_it(case: UUID) -> None:
    kept = [chosen(case.int, share) for share in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (False, True)


def test_of_an_error_its_class_is_told_and_not_its_words(seen: Seen) -> None:
    with pytest.raises(ValueError, match="lantern"), work_on(CASE, "deliver"), calling("smtp", "submit"):
        raise ValueError(SECRET)
    for span in seen.spans.values():
        assert span.attributes is not None
        assert span.attributes["error.type"] == "ValueError"
        assert SECRET not in span.to_json()
    assert seen.value("haetae_call_seconds_count", to="smtp", outcome="failed") == 1


def test_stages_are_timed_and_a_clock_that_is_behind_counts_as_no_time(seen: Seen) -> None:
    took("found_to_drafted", T0, T0 + timedelta(seconds=7))
    took("found_to_drafted", T0, T0 - timedelta(seconds=7))
    assert seen.value("haetae_stage_seconds_sum", stage="found_to_drafted") == 7
    assert seen.value("haetae_stage_seconds_bucket", stage="found_to_drafted", le="5.0") == 1
    assert seen.value("haetae_stage_seconds_bucket", stage="found_to_drafted", le="10.0") == 2


async def test_a_request_is_seen_by_its_route_and_never_by_its_path(seen: Seen) -> None:
    app = FastAPI()

    @app.get("/cases/{case}")
    async def show(case: str) -> dict[str, str]:
        if case == "broken":
            raise RuntimeError(SECRET)
        return {"case": case}

    told = f"00-{FOREIGN}-b7ad6b7169203331-01"
    transport = httpx.ASGITransport(Observed(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        for path in (f"/cases/{SECRET}", "/cases/broken", f"/{SECRET}"):
            await client.get(path, headers={"traceparent": told})
    route = {"method": "GET", "route": "/cases/{case}"}
    assert seen.value("haetae_http_request_seconds_count", **route, status="200") == 1
    assert seen.value("haetae_http_request_seconds_count", **route, status="500") == 1
    assert seen.value("haetae_http_request_seconds_count", method="GET", route="none", status="404") == 1
    for span in seen.spans.values():
        assert SECRET not in span.to_json()
        assert f"{span.context.trace_id:032x}" != FOREIGN


def test_what_is_no_case_goes_on_in_the_trace_that_caused_it(seen: Seen) -> None:
    cause = {"traceparent": f"00-{FOREIGN}-b7ad6b7169203331-01"}
    assert onward(crawl_due(1, 1), cause) == cause
    assert onward(crawl_due(1, 1), None) == {}
