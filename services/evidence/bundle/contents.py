"""What a bundle is made of, as it was read (a value): the seal, its stamps, the chain of custody, the steps' facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

Json = dict[str, Any]


@dataclass(frozen=True)
class Stamped:
    """A time stamp. `covers`: the file that it is about: seal.json, or the stamp that it renews."""

    number: int
    authority: str
    covers: str
    response: bytes = field(repr=False)
    at: datetime

    @property
    def file(self) -> str:
        return f"stamp-{self.number}.tsr"


@dataclass(frozen=True)
class Order:
    """Who wants the bundle, and by what right. `at`: the moment of its line of custody."""

    case_id: UUID
    by: str
    why: str
    basis: str
    at: datetime


@dataclass(frozen=True)
class Contents:
    """`steps`: the facts of each step that was done, by its name. `kept`: the manifest's objects that exist."""

    order: Order
    manifest: Json
    manifest_sha256: str
    seal: Json
    stamps: Sequence[Stamped]
    custody: Sequence[Json]
    steps: Mapping[str, Json]

    @property
    def kept(self) -> list[Json]:
        return [item for item in self.manifest["objects"] if item.get("kept", True)]


@dataclass(frozen=True)
class Office:
    """In whose name, and in which time zone, reports are written."""

    name: str
    name_en: str
    timezone: tzinfo
