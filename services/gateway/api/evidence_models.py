"""What the API tells of sealed evidence and of what is ordered of it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.gateway.casefile import CaseFile
from services.gateway.evidence.files import kind
from services.gateway.evidence.orders import Order
from shared.events import OrderKind


class Told(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SealedFile(Told):
    """A file of the sealed evidence. `kind`: what it is, from its name."""

    name: str
    sha256: str
    bytes: int
    media_type: str
    kind: str


class HoldItem(Told):
    """A legal hold in force, named by its order. Moments are as in the chain; `until` is null for one without end."""

    order: str
    by: str
    why: str
    basis: str
    since: str
    until: str | None


class StampItem(Told):
    """A time stamp (RFC 3161) over the seal: whose, and the time that it attests."""

    authority: str
    at: str


class Artifact(Told):
    name: str
    sha256: str


class CustodyItem(Told):
    """A line of the chain of custody in the form that is hashed, so that anybody can recompute `hash`: SHA-256 of the
    other members in canonical JSON (RFC 8785)."""

    case_id: str
    seq: int
    at: str
    actor: str
    action: str
    artifacts: list[Artifact]
    details: dict[str, Any]
    prev_hash: str
    hash: str


class EvidenceDetail(Told):
    """What was sealed, and how it stands. `custody_intact`: every hash was recomputed; else `custody_broken_at` is the
    number of the first line that is not right."""

    manifest_sha256: str | None
    mode: str | None
    sealed_at: datetime | None
    failed_at: datetime | None
    failure: str | None
    incomplete: list[str]
    destroyed_at: datetime | None
    files: list[SealedFile]
    stamps: list[StampItem]
    holds: list[HoldItem]
    custody: list[CustodyItem]
    custody_intact: bool
    custody_broken_at: int | None


class OrderItem(Told):
    """`state`: ordered, done or failed (with `error`); `downloadable`: the bundle can be fetched now; `result`: what
    the evidence service answered."""

    order_id: UUID
    kind: OrderKind
    state: Literal["ordered", "done", "failed"]
    by: str
    why: str
    basis: str
    ordered_at: AwareDatetime
    done_at: AwareDatetime | None
    result: dict[str, Any] | None
    error: str | None
    downloadable: bool

    @classmethod
    def of(cls, row: Order, now: datetime) -> "OrderItem":
        state = "ordered" if row.done_at is None else "failed" if row.error else "done"
        return cls.model_validate({**vars(row), "state": state, "downloadable": row.downloadable(now)})


class OrderList(BaseModel):
    """The newest first, all of the case."""

    items: list[OrderItem]
    next: str | None = None


class Ordered(BaseModel):
    """`order_id`: the order's own, by which the list and the bundle know it."""

    order_id: UUID


def evidence_of(file: CaseFile) -> EvidenceDetail:
    case, standing = file.case, file.standing
    return EvidenceDetail.model_validate(
        {
            **vars(case),
            "incomplete": case.incomplete or [],
            "files": [{**item.model_dump(), "kind": kind(item.name)} for item in case.objects or ()],
            "stamps": standing.stamps,
            "holds": standing.holds,
            "custody": file.custody,
            "custody_intact": standing.broken is None,
            "custody_broken_at": standing.broken,
        }
    )
