"""Reports for officials, as an API: what the pages show and do."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.api.bodies import binary
from services.gateway.api.cursors import Cursor
from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.door import changing, listing
from services.gateway.door.listing import MAX_REASON, Wanted
from services.gateway.door.numbers import grouped
from services.gateway.door.store import ReportRow
from services.gateway.door.viewing import Page, View, pages_of, view
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.routes.intake import MAX_LIMIT, Number, PageItem
from services.gateway.routes.reports import attachment
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter(prefix="/api/desk/reports")
Reads = Annotated[Visitor, may(Right.READ_REPORTS)]
Handles = Annotated[Visitor, may(Right.HANDLE_REPORTS)]
ViewName = Literal["new", "unreached", "stalled", "late", "withdrawn", "all"]


class Why(Input):
    """The history keeps it."""

    why: Annotated[str, Field(min_length=1, max_length=MAX_REASON, pattern=NO_NUL)]


class DeskReport(BaseModel):
    """A report without who made it. `alarm`: unreached or stalled. `contact_kept`: there is something to open."""

    number: str
    source: str
    category: str
    language: str
    reference: str | None
    consents: list[str]
    pictures: int
    received_at: datetime
    withdrawn_at: datetime | None
    seen_at: datetime | None
    seen_by: str | None
    alarm: str | None
    contact_kept: bool
    pages: list[PageItem]

    @classmethod
    def of(cls, row: ReportRow, pages: list[Page]) -> "DeskReport":
        return cls.model_validate({**desk(row), "pages": [PageItem.of(page) for page in pages]})


class DeskReports(BaseModel):
    items: list[DeskReport]
    next: str | None


class DeskReferral(BaseModel):
    partner: str
    consented_at: datetime
    fetched_at: datetime | None
    fetched_by: str | None
    withdrawn_at: datetime | None
    late: bool


class DeskDocument(BaseModel):
    document_id: UUID
    media_type: str
    sha256: str
    given_at: datetime


class DeskReportDetail(DeskReport):
    referrals: list[DeskReferral]
    documents: list[DeskDocument]


class Contact(BaseModel):
    contact: str
    when: str
    note: str


def desk(row: ReportRow) -> dict[str, object]:
    names = ("source", "category", "language", "reference", "consents", "pictures", "withdrawn_at", "seen_at",
             "seen_by", "alarm")  # fmt: skip
    kept = {name: getattr(row, name) for name in names}
    return {
        **kept,
        "number": grouped(row.number),
        "received_at": row.created_at,
        "contact_kept": row.secret is not None,
    }


@router.get("")
async def reports(
    request: Request,
    visitor: Reads,
    shown: Annotated[ViewName, Query(alias="view")] = "all",
    case_id: UUID | None = None,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> DeskReports:
    """Reports of persons and partners, the newest first. Who they are is not told."""
    async with parts_of(request).database.transaction() as tx:
        rows, following = await listing.page(tx, Wanted(shown, case_id, after, limit))
        pages = await pages_of(tx, [row.report_id for row in rows])
    return DeskReports(items=[DeskReport.of(row, pages.get(row.report_id, [])) for row in rows], next=following)


@router.get("/{number}")
async def report(request: Request, visitor: Reads, number: Number) -> DeskReportDetail:
    """One report with referrals and documents."""
    async with parts_of(request).database.transaction() as tx:
        row = await listing.by_number(tx, number)
        return detail(await view(tx, row), await documents(tx, row))


@router.post("/{number}/seen")
async def seen(request: Request, visitor: Handles, number: Number) -> DeskReportDetail:
    """Take note of the report and of its alarm."""
    async with parts_of(request).database.transaction() as tx:
        row = await listing.by_number(tx, number, lock=True)
        await listing.see(tx, row, visitor.account)
        return detail(await view(tx, row), await documents(tx, row))


@router.post("/{number}/contact", openapi_extra=HOLDS_SECRET)
async def contact(request: Request, visitor: Handles, number: Number, given: Why) -> Contact:
    """Open how the person is reached. The history keeps who did and why. 409 when nothing is kept."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        row = await listing.by_number(tx, number, lock=True)
        told = await listing.open_contact(tx, parts, row, given.why, visitor.account)
        return Contact(contact=told.contact, when=told.when, note=told.note)


@router.post("/{number}/forget")
async def forget(request: Request, visitor: Handles, number: Number, given: Why) -> DeskReportDetail:
    """Delete contact, note and documents for good."""
    async with parts_of(request).database.transaction() as tx:
        row = await listing.by_number(tx, number, lock=True)
        await changing.forget(tx, row, visitor.account.pseudonym, given.why)
        await tx.flush()
        return detail(await view(tx, row), await documents(tx, row))


@router.post(
    "/{number}/documents/{document_id}",
    openapi_extra=HOLDS_SECRET,
    response_class=Response,
    responses=binary("application/octet-stream"),
)
async def document(request: Request, visitor: Handles, number: Number, document_id: UUID, given: Why) -> Response:
    """A document as it came, as an attachment. It was never opened here: do so only where that is safe."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        row = await listing.by_number(tx, number, lock=True)
        found, data = await listing.open_document(tx, parts, row, document_id, given.why, visitor.account)
    return attachment(row, found, data)


async def documents(tx: Transaction, row: ReportRow) -> list[DeskDocument]:
    return [
        DeskDocument(document_id=one.document_id, media_type=one.media_type, sha256=one.sha256, given_at=one.given_at)
        for one in await listing.documents_of(tx, row.report_id)
    ]


def detail(seen: View, kept: list[DeskDocument]) -> DeskReportDetail:
    referrals = [
        DeskReferral(
            partner=row.partner,
            consented_at=row.consented_at,
            fetched_at=row.fetched_at,
            fetched_by=row.fetched_by,
            withdrawn_at=row.withdrawn_at,
            late=row.late_at is not None,
        )
        for row in seen.referrals
    ]
    base = desk(seen.report)
    return DeskReportDetail.model_validate(
        {**base, "pages": [PageItem.of(page) for page in seen.pages], "referrals": referrals, "documents": kept}
    )
