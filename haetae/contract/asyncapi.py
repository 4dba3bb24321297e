"""AsyncAPI 3.0.0 of the catalogue: what other agencies may read, and, apart from it, all that services say to another.

https://www.asyncapi.com/docs/reference/specification/v3.0.0; bindings: Kafka 0.5.0.
"""

from collections.abc import Collection, Iterable
from typing import Any

from haetae.contract.compatible import resolved
from haetae.contract.kept import record
from shared.events import CATALOGUE, Event, Topic
from shared.events.envelope import CONTENT_TYPE
from shared.events.schemas import schema_of
from shared.handling import Service
from shared.version import VERSION

Document = dict[str, Any]
KAFKA_BINDING = "0.5.0"
LICENCE = {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
PUBLIC = """What an agency that runs Haetae tells other agencies: redacted by construction, no word or address of \
content, no name of a person. docs/subscribers.md leads to the first received event."""
INTERNAL = """What the services of one Haetae say to one another. Not for others: it may change with any release."""


def public() -> Document:
    events = [event for event in CATALOGUE if event.topic.public]
    operations = {
        f"receive-{_name(topic.name)}": _operation("receive", topic, {one for one in events if one.topic == topic})
        for topic in _topics(events)
    }
    servers = {
        "agencies": {
            "host": "{bootstrap}",
            "protocol": "kafka-secure",
            "description": "The agency's listener for subscribers; it tells its address with the credentials.",
            "variables": {"bootstrap": {"default": "kafka.agency.example:9094", "description": "host:port"}},
            "security": [{"$ref": "#/components/securitySchemes/scram"}],
        }
    }
    schemes = {
        "scram": {
            "type": "scramSha512",
            "description": "User `agency-ID` over TLS; reads public topics in groups that begin with `agency-ID.`",
        }
    }
    return _document("Haetae, for other agencies", PUBLIC, events, operations, servers, schemes)


def internal(services: Iterable[Service]) -> Document:
    operations: dict[str, Any] = {}
    for service in services:
        read = {*service.handles, *service.batches, *service.listens}
        for action, events in (("receive", read), ("send", service.publishes)):
            for topic in _topics(events):
                name = f"{service.name}-{action}-{_name(topic.name)}"
                operations[name] = _operation(action, topic, {event for event in events if event.topic == topic})
    servers = {
        "kafka": {
            "host": "{bootstrap}",
            "protocol": "kafka-secure",
            "variables": {"bootstrap": {"default": "kafka:9093"}},
            "security": [{"$ref": "#/components/securitySchemes/certificate"}],
        }
    }
    schemes = {"certificate": {"type": "X509", "description": "A client certificate each service"}}
    return _document("Haetae, inside", INTERNAL, CATALOGUE, operations, servers, schemes)


def _document(
    title: str,
    description: str,
    events: Collection[type[Event]],
    operations: Document,
    servers: Document,
    schemes: Document,
) -> Document:
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": VERSION, "description": description, "license": LICENCE},
        "defaultContentType": CONTENT_TYPE,
        "servers": servers,
        "channels": {
            _name(topic.name): _channel(topic, {event for event in events if event.topic == topic})
            for topic in _topics(events)
        },
        "operations": operations,
        "components": {
            "messages": {_name(event.type): _message(event) for event in events},
            "messageTraits": {"cloudevent": {"headers": _headers()}},
            "securitySchemes": schemes,
        },
    }


def _channel(topic: Topic, events: Collection[type[Event]]) -> Document:
    return {
        "address": topic.name,
        "description": f"{topic.description}. Records of one `{topic.key}` keep their order.",
        "messages": {
            _name(event.type): {"$ref": f"#/components/messages/{_name(event.type)}"} for event in _sorted(events)
        },
        "bindings": {
            "kafka": {"topic": topic.name, "partitions": topic.partitions, "bindingVersion": KAFKA_BINDING},
        },
    }


def _operation(action: str, topic: Topic, events: Collection[type[Event]]) -> Document:
    channel = f"#/channels/{_name(topic.name)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{_name(event.type)}"} for event in _sorted(events)],
    }


def _message(event: type[Event]) -> Document:
    schema, example = schema_of(event), record(event)
    return {
        "name": event.type,
        "title": event.type,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": CONTENT_TYPE,
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {
            key: value for key, value in resolved(schema, schema).items() if key not in ("$schema", "examples")
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The event's `{event.key}`"},
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "examples": [{"headers": example["headers"], "payload": example["value"]}],
    }


def _headers() -> Document:
    """Attributes of CloudEvents 1.0 as Kafka headers."""
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": {**text, "format": "uuid", "description": "The same id is the same event: handle it once"},
            "ce_type": {**text, "description": "With the major version of its schema"},
            "ce_source": {**text, "format": "uri-reference"},
            "ce_time": {**text, "format": "date-time"},
            "ce_subject": {**text, "description": "The record's key"},
            "ce_dataschema": {**text, "format": "uri", "description": "Where the schema of the payload can be read"},
            "traceparent": {**text, "description": "W3C trace context"},
        },
    }


def _topics(events: Iterable[type[Event]]) -> list[Topic]:
    return sorted({event.topic for event in events}, key=lambda topic: topic.name)


def _sorted(events: Iterable[type[Event]]) -> list[type[Event]]:
    return sorted(events, key=lambda event: event.type)


def _name(dotted: str) -> str:
    """References go by JSON pointers and ids that some tools make names of code from: no dots."""
    return dotted.replace(".", "-")
