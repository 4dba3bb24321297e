"""The manifest: what was captured, how, and the digest of every file of it. Its digest is what was sealed."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from haetae_verify.canonical import canonical, digest
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


Read = Callable[[Listed], bytes | None]


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


def differences(manifest: bytes, read: Read, sealed_as: str | None = None) -> list[str]:
    """What does not agree with the seal, one sentence each; empty when all does. `read` gives None for a lost file."""
    found = []
    if sealed_as is not None and digest(manifest) != sealed_as:
        found.append(f"{NAME} differs: its SHA-256 is {digest(manifest)}, sealed was {sealed_as}")
    try:
        kept = [item for item in listed(manifest) if item.kept]
    except NotAManifest as error:
        return [*found, str(error)]
    for item in kept:
        data = read(item)
        if data is None:
            found.append(f"{item.name} is missing")
        elif digest(data) != item.sha256 or len(data) != item.bytes:
            found.append(f"{item.name} differs: its SHA-256 is {digest(data)}, sealed was {item.sha256}")
    return found


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


# What follows reads the former manifest and goes with it.


class NotAManifest(ValueError):
    pass


def listed(manifest: bytes) -> list[Listed]:
    try:
        content = json.loads(manifest)
        if content["format"] != FORMAT:
            raise NotAManifest(f"{NAME} has format {content['format']!r}; this program knows {FORMAT!r}")
        files = [
            Listed(item["name"], item["sha256"], item["bytes"], item.get("kept", True)) for item in content["objects"]
        ]
        if canonical(content) != manifest:
            raise NotAManifest(f"{NAME} is not in canonical form: something else wrote or changed it")
        wrong = [item for item in files if not _sound(item)]
    except NotAManifest:
        raise
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotAManifest(f"{NAME} cannot be read: {error!r}") from error
    if wrong:
        raise NotAManifest(f"{NAME} lists {wrong[0]!r}, which is no plain file name with a SHA-256 and a size")
    return files


def check_folder(folder: Path, sealed_as: str | None = None) -> list[str]:
    """As `differences`; a file that the manifest does not list is a difference too."""
    try:
        manifest = (folder / NAME).read_bytes()
    except OSError as error:
        return [f"{folder / NAME} cannot be read: {error.strerror}"]

    def read(item: Listed) -> bytes | None:
        path = folder / item.name
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None

    found = differences(manifest, read, sealed_as)
    try:
        names = {NAME, *(item.name for item in listed(manifest))}
    except NotAManifest:
        return found
    return [*found, *(f"{path.name} is not in {NAME}" for path in sorted(folder.iterdir()) if path.name not in names)]


def _sound(item: Listed) -> bool:
    plain = PLAIN_NAME.fullmatch(item.name) is not None and item.name != NAME
    return plain and re.fullmatch(r"[0-9a-f]{64}", item.sha256) is not None and type(item.bytes) is int
