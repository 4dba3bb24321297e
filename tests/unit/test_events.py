"""The catalogue keeps its promises: every event travels and comes back, and no schema changes unnoticed."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import SERVICES
from shared.events import CATALOGUE, TOPICS, Envelope, Event, Undecodable
from shared.events.envelope import decode
from shared.events.examples import EXAMPLES
from shared.events.schemas import incompatibilities, page, schema_of, text_of

SNAPSHOT = Path(__file__).parents[2] / "docs" / "events"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def sealed(event: Event) -> Envelope[Event]:
    return Envelope(
        event, uuid4(), f"/haetae/{event.owner}", NOW, {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
    )


@pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.type)
def test_every_event_travels_and_comes_back(event):
    envelope = sealed(EXAMPLES[event])
    assert decode(envelope.value, envelope.headers) == envelope


@pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.type)
def test_headers_are_cloudevents_1_0(event):
    headers = sealed(EXAMPLES[event]).headers
    assert headers["ce_specversion"] == b"1.0"
    assert {"ce_id", "ce_type", "ce_source", "ce_time", "content-type"} <= headers.keys()


@pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.type)
def test_schema_is_that_of_the_snapshot(event):
    path = SNAPSHOT / f"{event.type}.json"
    frozen = path.read_text() if path.exists() else ""
    assert frozen == text_of(event), f"{event.type} changed: run `make docs` and read the difference"


def test_the_page_lists_the_catalogue():
    assert (SNAPSHOT / "README.md").read_text() == page()
    assert {path.stem for path in SNAPSHOT.glob("*.json")} == {event.type for event in CATALOGUE}


def test_every_event_has_a_promise_and_a_known_owner():
    for event in CATALOGUE:
        assert event.__doc__, event.type
        assert event.type.endswith(".v1"), event.type
        assert event.owner in SERVICES
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


def test_a_removed_field_a_changed_type_and_a_new_demand_are_named():
    old = schema_of(EXAMPLES_BY_TYPE["notice.sent.v1"])
    new = copy.deepcopy(old)
    del new["properties"]["receipt"]
    new["properties"]["attempt"] = {"type": "string"}
    new["properties"]["colour"] = {"type": "string"}
    assert incompatibilities(old, old) == []
    assert incompatibilities(old, new) == [
        "receipt is gone",
        "attempt has another type",
        "colour is new and has no default",
    ]
    new = copy.deepcopy(old)
    new["properties"]["colour"] = {"type": "string", "default": "blue"}
    assert incompatibilities(old, new) == []


EXAMPLES_BY_TYPE = {event.type: event for event in CATALOGUE}


@given(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from(["ce_id", "ce_type", "ce_source", "ce_time"]), st.binary(max_size=40)),
)
def test_any_bytes_are_an_event_or_undecodable(value, headers):
    with pytest.raises(Undecodable):
        decode(value, headers)


def test_an_undecodable_record_names_the_field():
    envelope = sealed(EXAMPLES[EXAMPLES_BY_TYPE["crawl.due.v1"]])
    broken = json.dumps({**json.loads(envelope.value), "visit": "never"}).encode()
    with pytest.raises(Undecodable, match=r"crawl\.due\.v1: visit"):
        decode(broken, envelope.headers)
