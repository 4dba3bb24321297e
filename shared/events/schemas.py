"""The catalogue as documents: one JSON Schema a type in `docs/events/`, and a page that lists them.

`python -m shared.events.schemas docs/events` writes them. It refuses a change that an older reader could not take:
a field may be added with a default; anything else is a new version of the type.
"""

import json
import sys
from pathlib import Path
from typing import Any

from shared.events import CATALOGUE
from shared.events.base import Event
from shared.events.examples import EXAMPLES

Schema = dict[str, Any]
DESCRIPTIVE = {"description", "title", "default", "examples"}  # may change without breaking a reader


def schema_of(event: type[Event]) -> Schema:
    made = event.model_json_schema(mode="serialization")
    return {
        **made,
        "title": event.type,
        "description": (event.__doc__ or "").strip(),
        "x-topic": event.topic.name,
        "x-key": event.key,
        "x-owner": event.owner,
        "x-public": event.topic.public,
        "examples": [json.loads(EXAMPLES[event].model_dump_json())],
    }


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """What of `old` a reader would miss in `new`, each as a sentence that names the field."""
    found = [
        f"{key} changed from {old[key]!r} to {new.get(key)!r}"
        for key in ("x-topic", "x-key")
        if old[key] != new.get(key)
    ]
    old_parts = {"": old, **old.get("$defs", {})}
    new_parts = {"": new, **new.get("$defs", {})}
    for part, before in old_parts.items():
        after = new_parts.get(part)
        if after is None:
            found.append(f"{part} is gone")
            continue
        found += _changed_fields(part, before, after)
    return found


def _changed_fields(part: str, before: Schema, after: Schema) -> list[str]:
    old_fields, new_fields = before.get("properties", {}), after.get("properties", {})
    prefix = f"{part}." if part else ""
    found = [f"{prefix}{name} is gone" for name in old_fields if name not in new_fields]
    for name, field in new_fields.items():
        if name in old_fields:
            if _bare(old_fields[name]) != _bare(field):
                found.append(f"{prefix}{name} has another type")
        elif "default" not in field:
            found.append(f"{prefix}{name} is new and has no default")
    if set(before.get("enum", [])) - set(after.get("enum", [])):
        found.append(f"{part} lost a value")
    return found


def _bare(field: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(field, dict):
        return {key: _bare(value) for key, value in field.items() if key not in DESCRIPTIVE}
    return field


def page() -> str:
    rows = [
        f"| [`{event.type}`]({event.type}.json) | `{event.topic.name}` | `{event.key}` | {event.owner} | "
        f"{'yes' if event.topic.public else ''} | {' '.join((event.__doc__ or '').split())} |"
        for event in CATALOGUE
    ]
    head = "# Events\n\nWritten by `make docs` from `shared/events/`.\n\n"
    head += "| type | topic | key | owner | public | promise |\n"
    return head + "|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"


def text_of(event: type[Event]) -> str:
    return json.dumps(schema_of(event), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(folder: Path) -> list[str]:
    """Write all documents. Returns the incompatible changes, each naming its type; those types are left unwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    for event in CATALOGUE:
        path = folder / f"{event.type}.json"
        broken = incompatibilities(json.loads(path.read_text()), schema_of(event)) if path.exists() else []
        problems += [f"{event.type}: {sentence}; declare a new version of the type instead" for sentence in broken]
        if not broken:
            path.write_text(text_of(event))
    (folder / "README.md").write_text(page())
    return problems


if __name__ == "__main__":
    sys.exit("\n".join(write(Path(sys.argv[1]))) or 0)
