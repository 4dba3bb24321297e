"""What the API of the audit history takes and gives."""

import base64
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, Field

from services.gateway.api.moments import Moment
from services.gateway.audit import Line
from services.gateway.routes.api_models import MAX_NOTE, NO_NUL, Input
from services.gateway.tree.examining import Found
from services.gateway.tree.exporting import MOST_HEADS
from services.gateway.tree.store import HeadRow


class LineItem(BaseModel):
    """A line as it is hashed, and its hash. `details`: by action, see docs/audit.md."""

    chain: UUID
    seq: int
    at: AwareDatetime
    actor: str
    action: str
    details: dict[str, Any]
    agency: str
    prev_hash: str
    hash: str


class LineList(BaseModel):
    items: list[LineItem]
    next: str | None


class HeadItem(BaseModel):
    """`stamp`: base64 of a TimeStampResp (RFC 3161) over the signed head; null while none is there."""

    log: str
    size: int
    root: str
    signed_at: AwareDatetime
    key_id: str
    signature: str
    stamp: str | None
    stamped_by: str | None


class HeadList(BaseModel):
    items: list[HeadItem]
    next: str | None


class KeyItem(BaseModel):
    """`public_key`: Ed25519, hexadecimal. `until`: another one took over."""

    key_id: str
    public_key: str
    since: AwareDatetime
    until: AwareDatetime | None


class KeyList(BaseModel):
    """One a change of keys: a few, so `next` is always null."""

    items: list[KeyItem]
    next: None = None


class Inclusion(BaseModel):
    """`path`: hexadecimal, from the leaf up (RFC 9162, 2.1.3.2); the leaf is SHA-256 of 0x00 and the line's hash."""

    line: LineItem
    leaf: int
    path: list[str]
    head: HeadItem


class Consistency(BaseModel):
    """`path`: hexadecimal (RFC 9162, 2.1.4.2)."""

    former: HeadItem
    head: HeadItem
    path: list[str]


class FoundItem(BaseModel):
    """The first thing that is wrong; `kind`: see docs/audit.md."""

    kind: str
    chain: UUID | None
    seq: int
    at: AwareDatetime | None
    action: str | None
    leaf: int | None
    size: int | None


class CheckItem(BaseModel):
    name: str
    size: int
    began_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    broken: FoundItem | None
    early: FoundItem | None


class State(BaseModel):
    """`lines`: with a place in the tree; `waiting`: without one yet."""

    lines: int
    waiting: int
    checks: list[CheckItem]


class ExportInput(Input):
    """What to export; nothing: everything. `heads`: sizes of kept heads that it is to be compared with."""

    confirmation_id: Annotated[UUID, Field(strict=False, default_factory=uuid4)]
    why: Annotated[str, Field(min_length=1, max_length=MAX_NOTE, pattern=NO_NUL)]
    chains: Annotated[list[Annotated[UUID, Field(strict=False)]], Field(max_length=100, default_factory=list)]
    since: Moment | None = None
    until: Moment | None = None
    heads: Annotated[list[Annotated[int, Field(ge=1, lt=2**63)]], Field(max_length=MOST_HEADS, default_factory=list)]


class Proposed(BaseModel):
    """Another person with the right confirms it; then it can be fetched for a day."""

    confirmation_id: UUID


def line_item(line: Line) -> LineItem:
    return LineItem(**{**vars(line), "details": dict(line.details)})


def head_item(row: HeadRow) -> HeadItem:
    stamp = base64.b64encode(row.stamp).decode() if row.stamp else None
    return HeadItem(**vars(row.head), stamp=stamp, stamped_by=row.stamped_by)


def found_item(stored: dict[str, Any] | None) -> FoundItem | None:
    return FoundItem(**vars(Found.of(stored))) if stored else None
