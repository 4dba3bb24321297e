"""Every revision of every event's schema, as a file that never changes: `contracts/<type>/<major>.<minor>.json`.

`contracts/sha256sums` holds what they were when they were written (`sha256sum -c` reads it). Beside each revision of a
public event lies a whole record as an example; `contracts/CHANGELOG.md` tells of each in a sentence.
"""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from haetae.contract.compatible import changed, incompatibilities
from shared.events import CATALOGUE, Event
from shared.events.envelope import Envelope
from shared.events.example_values import T0
from shared.events.examples import EXAMPLES
from shared.events.schemas import Schema, schema_of

FOLDER = Path("contracts")
SUMS, CHANGES = "sha256sums", "CHANGELOG.md"
EXAMPLE_ID = UUID("018f0000-0000-7000-8000-000000000001")


def revisions(folder: Path, type: str) -> dict[tuple[int, int], Schema]:
    """By major and minor, the oldest first."""
    found = {}
    for path in folder.glob(f"{type}/*.json"):
        major, dot, minor = path.stem.partition(".")
        if dot and minor.isdecimal():
            found[int(major), int(minor)] = json.loads(path.read_text())
    return dict(sorted(found.items()))


def problems(folder: Path, event: type[Event]) -> list[str]:
    """What keeps the event, as the code has it, from being the newest revision; each names type, field and cure."""
    kept, new = revisions(folder, event.type), schema_of(event)
    found: dict[str, None] = {}
    for before in kept.values():
        found |= dict.fromkeys(incompatibilities(before, new))
    if not found and kept:
        newest = max(kept)
        declared = tuple(map(int, event.schema_version.split(".")))
        if declared < newest or (declared == newest and changed(kept[newest], new)):
            found[f"it differs from {newest[0]}.{newest[1]}: declare `minor={newest[1] + 1}`, then `make docs`"] = None
        elif declared > newest and (declared[1] != newest[1] + 1 or not changed(kept[newest], new)):
            found[f"`minor` is {declared[1]}, but nothing changed since {newest[0]}.{newest[1]}: declare that"] = None
    return [f"{event.type}: {sentence}" for sentence in found]


def tampered(folder: Path) -> list[str]:
    """Kept files that are not what they were, or are missing; and files that nobody wrote down."""
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in (folder / SUMS).open())}
    sums = {name.rstrip("\n"): digest for name, digest in sums.items()}
    there = {path.relative_to(folder).as_posix(): path for path in folder.glob("*/*.json")}
    odd = [name for name in sums if name not in there or _sum(there[name]) != sums[name]]
    return [f"contracts/{name} is not as it was published: restore it" for name in odd] + [
        f"contracts/{name} is in no list: remove it, then `make docs`" for name in sorted(there.keys() - sums.keys())
    ]


def keep(folder: Path) -> list[str]:
    """Write revisions that are new. Returns `problems`; types that have one are left as they are."""
    found: list[str] = []
    for event in CATALOGUE:
        if wrong := problems(folder, event):
            found += wrong
        elif not (path := folder / event.type / f"{event.schema_version}.json").exists():
            _write(folder, event, path)
    return found


def _write(folder: Path, event: type[Event], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    before = revisions(folder, event.type)
    written = {path: schema_of(event) | {"x-version": event.schema_version}}
    if event.topic.public:
        written[path.with_suffix(".example.json")] = record(event)
    with (folder / SUMS).open("a") as sums:
        for where, content in written.items():
            where.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
            sums.write(f"{_sum(where)}  {where.relative_to(folder).as_posix()}\n")
    with (folder / CHANGES).open("a") as changes:
        changes.write(f"- `{event.type}` {event.schema_version}: {_news(before, schema_of(event))}\n")


def record(event: type[Event]) -> dict[str, Any]:
    """A whole record of the topic, headers as text."""
    envelope = Envelope(EXAMPLES[event], EXAMPLE_ID, f"/haetae/{event.owner}", T0)
    headers = {name: raw.decode() for name, raw in envelope.headers.items()}
    return {
        "topic": event.topic.name,
        "key": envelope.key.decode(),
        "headers": headers,
        "value": json.loads(envelope.value),
    }


def _news(before: dict[tuple[int, int], Schema], new: Schema) -> str:
    if not before:
        return "the first."
    fields = new["properties"].keys() - before[max(before)]["properties"].keys()
    return f"{', '.join(f'`{name}`' for name in sorted(fields))} came." if fields else "words or parts of fields came."


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
