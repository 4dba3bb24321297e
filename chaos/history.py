"""What was acknowledged to the outside while things went wrong: a line of JSON each, added and never changed."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """`kind`: report, approval, answer, fault or recovered (`seconds` null: not in time)."""

    at: datetime
    kind: str
    data: dict[str, object]


def append(path: Path, line: Line) -> None:
    """On return it is with the operating system, whatever becomes of this process."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": line.at.isoformat(), "kind": line.kind, "data": line.data}) + "\n")


def read(path: Path) -> list[Line]:
    """In the order in which they were added."""
    lines = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]
    return [Line(datetime.fromisoformat(one["at"]), one["kind"], one["data"]) for one in lines]
