"""The catalogue as documents: a JSON Schema of each type, and a page that lists them (`docs/events/README.md`)."""

import json
from typing import Any

from shared.events import CATALOGUE
from shared.events.base import Event
from shared.events.examples import EXAMPLES

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(event: type[Event]) -> Schema:
    """As it is written; a reader takes fields beyond it."""
    made = event.model_json_schema(mode="serialization")
    return {
        **made,
        "$schema": DIALECT,
        "title": event.type,
        "description": (event.__doc__ or "").strip(),
        "x-topic": event.topic.name,
        "x-key": event.key,
        "x-owner": event.owner,
        "x-public": event.topic.public,
        "examples": [json.loads(EXAMPLES[event].model_dump_json())],
    }


def page() -> str:
    rows = [
        f"| [`{event.type}`](../../contracts/{event.type}/{event.schema_version}.json) | {event.schema_version} | "
        f"`{event.topic.name}` | `{event.key}` | {event.owner} | {'yes' if event.topic.public else ''} | "
        f"{' '.join((event.__doc__ or '').split())} |"
        for event in CATALOGUE
    ]
    head = "# Events\n\nWritten by `make docs` from `shared/events/`; each revision of a schema is in `contracts/`.\n\n"
    head += "| type | version | topic | key | owner | public | promise |\n"
    return head + "|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
