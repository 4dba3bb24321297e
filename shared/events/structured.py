"""CloudEvents in structured mode (Kafka binding, section 3.3; JSON event format 1.0.2): one JSON for all of it."""

import json
from collections.abc import Mapping

STRUCTURED = b"application/cloudevents+json"


def unfolded(value: bytes, headers: Mapping[str, bytes]) -> tuple[bytes, dict[str, bytes]]:
    """The same record in binary mode. Raises `ValueError` for what is no such JSON."""
    try:
        whole = json.loads(value)
    except RecursionError as error:
        raise ValueError("the event is nested too deeply") from error
    if not isinstance(whole, dict) or "data" not in whole:
        raise ValueError("an event in structured mode is a JSON object with its `data`, which here is JSON too")
    attributes = {name: text for name, text in whole.items() if name != "data"}
    if odd := [name for name, text in attributes.items() if not isinstance(text, str)]:
        raise ValueError(f"attribute {odd[0]!r} is not text")
    trace = {name: raw for name, raw in headers.items() if name in ("traceparent", "tracestate")}
    named = {name if name in ("traceparent", "tracestate") else f"ce_{name}": text for name, text in attributes.items()}
    return json.dumps(whole["data"]).encode(), {**trace, **{name: text.encode() for name, text in named.items()}}
