"""An event on its way: CloudEvents 1.0 in Kafka binary mode (CloudEvents Kafka binding, section 3.2).

The record's value is the event as JSON, its headers are the attributes (`ce_id`, `ce_type`, …), its key orders it. What
others write may as well come in structured mode (section 3.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import to_json

from shared.events.base import REGISTRY, Event
from shared.events.structured import STRUCTURED, unfolded
from shared.failures import Rejected

E = TypeVar("E", bound=Event, covariant=True)

SPECVERSION = "1.0"
CONTENT_TYPE = "application/json"
# Of these the specification wants all but `time`; nothing here is handled without knowing when it happened.
REQUIRED = ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time")


class Undecodable(Rejected):
    """A record that is not one of the catalogue's events. The message names the field and what is wrong with it."""


@dataclass(frozen=True)
class Envelope(Generic[E]):
    """An event with its attributes. `id` is its identity for deduplication, `trace` the W3C trace context.

    `dataschema`: where the schema of its data can be read, of public events; empty for none.
    """

    event: E
    id: UUID
    source: str
    time: datetime
    trace: dict[str, str] = field(default_factory=dict)
    dataschema: str = ""

    @property
    def key(self) -> bytes:
        return self.event.key_value.encode()

    @property
    def value(self) -> bytes:
        return to_json(self.event)

    @property
    def headers(self) -> dict[str, bytes]:
        attributes = {
            "ce_specversion": SPECVERSION,
            "ce_id": str(self.id),
            "ce_type": self.event.type,
            "ce_source": self.source,
            "ce_time": self.time.isoformat(),
            "ce_subject": self.event.key_value,
            **({"ce_dataschema": self.dataschema} if self.dataschema else {}),
            "content-type": CONTENT_TYPE,
            **self.trace,
        }
        return {name: text.encode() for name, text in attributes.items()}


def dataschema(event: type[Event], gateway_url: str | None) -> str:
    """The address of a public event's schema; empty for others, and where nobody said where the gateway is."""
    if not event.topic.public or not gateway_url:
        return ""
    return f"{gateway_url.rstrip('/')}/schemas/{event.type}/{event.schema_version}"


def decode(value: bytes | None, headers: Mapping[str, bytes]) -> Envelope[Event]:
    """The envelope of a record. Raises `Undecodable` for anything that the catalogue does not know."""
    if value is None:
        raise Undecodable("the record has no value (a tombstone); events are never deleted by key")
    try:
        if headers.get("content-type", b"").startswith(STRUCTURED):
            value, headers = unfolded(value, headers)
        missing = [name for name in REQUIRED if name not in headers]
        if missing:
            raise Undecodable(f"{', '.join(missing)} are missing; a CloudEvent has them (in binary mode as headers)")
        text = {name: raw.decode() for name, raw in headers.items()}
        if text["ce_specversion"] != SPECVERSION:
            raise Undecodable(f"ce_specversion is {text['ce_specversion']!r}; {SPECVERSION} is read here")
        if text["ce_type"] not in REGISTRY:
            raise Undecodable(f"ce_type {text['ce_type']!r} is not in the catalogue; is the writer newer than this?")
        return Envelope(
            event=REGISTRY[text["ce_type"]].model_validate_json(value),
            id=UUID(text["ce_id"]),
            source=text["ce_source"],
            time=datetime.fromisoformat(text["ce_time"]),
            trace={name: text[name] for name in ("traceparent", "tracestate") if name in text},
            dataschema=text.get("ce_dataschema", ""),
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "value"
        raise Undecodable(f"{text['ce_type']}: {where}: {first['msg']}") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise Undecodable(f"an attribute is malformed: {error}") from error
