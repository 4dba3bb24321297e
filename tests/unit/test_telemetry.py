"""Traces and logs: what they carry, and what they must never carry."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from shared.bus.port import Record
from shared.logging import MASK, mask_secrets
from shared.telemetry import Tracing


def test_a_span_continues_the_trace_of_its_record() -> None:
    parent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Tracing("test").processing(Record("topic", b"", b"", {"traceparent": parent})) as trace:
        version, trace_id, span_id, _ = trace["traceparent"].split("-")
    assert (version, trace_id) == ("00", "0af7651916cd43dd8448eb211c80319c")
    assert span_id != "b7ad6b7169203331"


@pytest.mark.parametrize(
    "hostile", [b"", b"00-zz-zz-01", b"\xff" * 500, b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01"]
)
def test_a_malformed_context_begins_a_trace_of_its_own(hostile: bytes) -> None:
    with Tracing("test").processing(Record("topic", b"", b"", {"traceparent": hostile})) as trace:
        assert len(trace["traceparent"].split("-")[1].strip("0")) > 0


def test_children_start_while_traces_are_on() -> None:
    """The SDK's own fork handler waits for ever in a child that has something to do before its program."""
    tracing = Tracing("test")
    subprocess.run([sys.executable, "-c", ""], preexec_fn=os.getpid, timeout=10, check=True)
    tracing.close()


@pytest.mark.parametrize(
    "name", ["password", "smtp_password", "api_token", "Authorization", "secret_key", "master_key"]
)
def test_secrets_are_masked_by_their_name(name: str) -> None:
    assert mask_secrets(None, "", {name: "hunter2"}) == {name: MASK}


def test_credentials_in_addresses_are_masked_wherever_they_stand() -> None:
    text = "connect to postgresql+psycopg://haetae:hunter2@127.0.0.1:25432/haetae failed"
    masked = mask_secrets(None, "", {"event": text, "exception": text})
    assert "hunter2" not in str(masked)
    assert masked["exception"] == masked["event"]
    assert masked["event"] == "connect to postgresql+psycopg://***@127.0.0.1:25432/haetae failed"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://a.test/board/7?id=3#x: status 500", "https://a.test/… status 500"),
        ('GET "http://a.test:8080/p" failed', 'GET "http://a.test:8080/…" failed'),
        ("https://a.test answers 404", "https://a.test answers 404"),
        ("550 <abuse.team+x@host.test> unknown", "550 <***@host.test> unknown"),
        (["http://a.test/one", {"who": "kim@b.test"}], ["http://a.test/…", {"who": "***@b.test"}]),
        (7, 7),
    ],
)
def test_where_a_page_is_and_whom_a_mail_goes_to_are_not_told(text: object, told: object) -> None:
    assert mask_secrets(None, "", {"error": text}) == {"error": told}
