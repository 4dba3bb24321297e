"""CloudEvents 1.0 as JSON (JSON event format 1.0.2, structured and batched content mode). Pure.

`sequence` is the extension of that name: the position in the feed, in digits that sort as text. A reader goes on
after it. All other attributes are those of the record at Kafka.
"""

import json
from collections.abc import Iterable

from services.gateway.bridges.feed import PublicEvent

ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
DIGITS = 18  # below 2^63, which is what a position is to the database


def sequence_of(position: int) -> str:
    return f"{position:0{DIGITS}d}"


def structured(row: PublicEvent) -> str:
    """One line. `data` goes through byte for byte."""
    attributes = {
        "specversion": "1.0",
        "id": str(row.event_id),
        "type": row.type,
        "source": row.source,
        "time": row.time.isoformat(),
        "subject": row.subject,
        "datacontenttype": "application/json",
        "sequence": sequence_of(row.position),
    }
    named = {name: getattr(row, name) for name in ("dataschema", "traceparent", "tracestate")}
    text = json.dumps({**attributes, **{name: value for name, value in named.items() if value}}, ensure_ascii=False)
    return f'{text[:-1]}, "data": {row.data}}}'


def batched(rows: Iterable[PublicEvent]) -> str:
    return f"[{', '.join(map(structured, rows))}]"


def told(row: PublicEvent) -> bytes:
    """As a server-sent event (WHATWG HTML, 9.2): JSON has no line breaks unless it is printed with them."""
    return f"id: {sequence_of(row.position)}\r\nevent: {row.type}\r\ndata: {structured(row)}\r\n\r\n".encode()
