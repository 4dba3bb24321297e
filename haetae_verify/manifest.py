"""The manifest: what was captured, how, and the digest of every file of it. Its digest is what was sealed."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from haetae_verify.canonical import digest
from haetae_verify.shape import Shape, document
from haetae_verify.wrong import Wrong

FORMAT = "haetae-evidence/2"
NAME = "manifest.json"
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")


class Listed(NamedTuple):
    """A file of the capture. `kept`: whether its bytes are kept, and not its digest alone."""

    name: str
    sha256: str
    bytes: int
    kept: bool


class Step(NamedTuple):
    """`failure`: why it could not be done; empty when it was."""

    name: str
    outcome: str
    failure: str


@dataclass(frozen=True)
class Manifest:
    case_id: str
    url: str
    site: str
    mode: str
    software: str
    started_at: datetime
    finished_at: datetime
    steps: tuple[Step, ...]
    objects: tuple[Listed, ...]


def parse(data: bytes) -> Manifest:
    """Raises `Wrong`."""
    shape = document(NAME, data, FORMAT)
    return Manifest(
        shape.text("case_id"),
        shape.text("url"),
        shape.text("site"),
        shape.text("mode"),
        shape.text("software"),
        shape.moment("started_at"),
        shape.moment("finished_at"),
        tuple(Step(s.text("name"), s.text("outcome"), s.text_or_none("failure") or "") for s in shape.objects("steps")),
        _objects(shape),
    )


def difference(item: Listed, data: bytes | None) -> str:
    """What does not agree about a file, in a sentence; empty when all does. None: it is lost."""
    if data is None:
        return f"{item.name} is missing"
    if (digest(data), len(data)) != (item.sha256, item.bytes):
        return f"{item.name} differs: its SHA-256 is {digest(data)}, sealed was {item.sha256}"
    return ""


def _objects(shape: Shape) -> tuple[Listed, ...]:
    names: set[str] = set()
    found = []
    for item in shape.objects("objects"):
        listed = Listed(item.text("name"), item.digest("sha256"), item.number("bytes"), item.flag("kept"))
        if not PLAIN_NAME.fullmatch(listed.name) or listed.name == NAME or listed.name in names:
            raise Wrong(NAME, "manifest-name", name=listed.name)
        names.add(listed.name)
        found.append(listed)
    return tuple(found)
