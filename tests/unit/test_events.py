"""The catalogue keeps its promises: every event travels and comes back, and no schema changes unnoticed."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from cloudevents.core.bindings import kafka
from hypothesis import given
from hypothesis import strategies as st

from services import SERVICES
from shared.events import CATALOGUE, TOPICS, Envelope, Event, Undecodable
from shared.events.envelope import dataschema, decode
from shared.events.examples import EXAMPLES

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
def test_the_cloudevents_package_reads_ours_and_ours_reads_both_of_its_modes(event):
    envelope = replace(sealed(EXAMPLES[event]), dataschema="https://gateway.example.test/schemas/x/1.0")
    theirs = kafka.from_binary_event(kafka.KafkaMessage(envelope.headers, envelope.key, envelope.value))
    assert theirs.get_attributes() == {
        "specversion": "1.0",
        "id": str(envelope.id),
        "type": event.type,
        "source": envelope.source,
        "time": NOW,
        "subject": envelope.event.key_value,
        "dataschema": envelope.dataschema,
        "datacontenttype": "application/json",
        "partitionkey": envelope.key.decode(),
    }
    assert theirs.get_data() == json.loads(envelope.value)
    for written in (kafka.to_binary_event(theirs), kafka.to_structured_event(theirs)):
        headers = {**written.headers, "traceparent": envelope.headers["traceparent"]}
        assert decode(written.value, headers) == envelope


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"[]", "JSON object"),
        (b'{"data_base64": "AA=="}', "with its `data`"),
        (b'{"data": {}, "id": 7}', "attribute 'id' is not text"),
        (b'{"data": {}}', "ce_specversion, ce_id"),
        (b'{"data": ' + b"[" * 100_000, "nested too deeply|malformed"),
        (b"\xff", "malformed"),
    ],
)
def test_what_is_no_event_in_structured_mode_is_named(value, why):
    with pytest.raises(Undecodable, match=why):
        decode(value, {"content-type": b"application/cloudevents+json; charset=utf-8"})


def test_another_version_of_cloudevents_is_named():
    envelope = sealed(EXAMPLES[EXAMPLES_BY_TYPE["crawl.due.v1"]])
    with pytest.raises(Undecodable, match=r"ce_specversion is '2\.0'"):
        decode(envelope.value, {**envelope.headers, "ce_specversion": b"2.0"})


@pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.type)
def test_public_events_alone_say_where_their_schema_is(event):
    at = dataschema(event, "https://gateway.example.test/")
    assert at == (f"https://gateway.example.test/schemas/{event.type}/1.0" if event.topic.public else "")
    assert dataschema(event, None) == ""
    assert "ce_dataschema" not in sealed(EXAMPLES[event]).headers


def test_every_event_has_a_promise_and_a_known_owner():
    for event in CATALOGUE:
        assert event.__doc__, event.type
        assert event.type.endswith(".v1"), event.type
        assert event.owner in SERVICES
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


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
