"""The intake API of institutions: report pages under one's own reference, and ask what became of them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.agencies.scoping import everywhere
from services.gateway.api.cursors import Cursor
from services.gateway.api.moments import Moment
from services.gateway.door import intake
from services.gateway.door.given import KINDS, MOST_CONTACT, MOST_NOTE, MOST_PAGES_OF_PARTNER, Given
from services.gateway.door.keeping import Told
from services.gateway.door.numbers import grouped
from services.gateway.door.standing import Stage
from services.gateway.door.store import ReportRow
from services.gateway.door.viewing import Page, pages_of
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.sessions import Visitor
from shared.database import Transaction
from shared.events import ReportSource
from shared.events.values import MAX_URL

router = APIRouter(prefix="/api")
CREATED = 201
MAX_LIMIT = 200
What = Literal["shared", "altered", "minor", "threat", "personal", "other", "unsure"]
Number = Annotated[str, Path(max_length=40, description="Twelve digits, with or without dashes")]
LINE = r"^[^\x00-\x1f\x7f]*$"


class ReportInput(Input):
    """`reference`: the sender's own; the same report under it twice is one. `urls`: at most 250. `what`: what it is
    taken for. `contact`: who at the sender can be asked, kept sealed as `note` is."""

    reference: Annotated[str, Field(min_length=1, max_length=100, pattern=LINE, examples=["2026-000117"])]
    source: Literal["police", "hotline", "school", "official"]
    what: What = "unsure"
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z][a-z]{3})?$")] = "ko"
    urls: Annotated[
        list[Annotated[str, Field(max_length=MAX_URL, pattern=NO_NUL)]],
        Field(min_length=1, max_length=MOST_PAGES_OF_PARTNER, examples=[["http://harbour-board.en.test/post/41"]]),
    ]
    note: Annotated[str, Field(max_length=MOST_NOTE, pattern=NO_NUL)] = ""
    contact: Annotated[str, Field(max_length=MOST_CONTACT, pattern=NO_NUL)] = ""


class PageItem(BaseModel):
    """Where an address stands, and since when. `reason`: why it could not be opened. `case_id`: the case that it
    belongs to, once it has been seen."""

    url: str
    stage: Stage
    at: datetime
    reason: str
    case_id: UUID | None

    @classmethod
    def of(cls, page: Page) -> "PageItem":
        standing, row = page.standing, page.row
        case = row.case_id if row.reached_at else None
        return cls(url=standing.url, stage=standing.stage, at=standing.at, reason=standing.reason, case_id=case)


class ReportStatus(BaseModel):
    number: str
    reference: str | None
    received_at: datetime
    updated_at: datetime
    withdrawn_at: datetime | None
    pages: list[PageItem]

    @classmethod
    def of(cls, row: ReportRow, pages: list[Page]) -> "ReportStatus":
        return cls(
            number=grouped(row.number),
            reference=row.reference,
            received_at=row.created_at,
            updated_at=row.updated_at,
            withdrawn_at=row.withdrawn_at,
            pages=[PageItem.of(page) for page in pages],
        )


class ReportStatuses(BaseModel):
    items: list[ReportStatus]
    next: str | None


@router.post("/reports", status_code=CREATED, responses={200: {"model": ReportStatus}})
async def submit(
    request: Request, response: Response, visitor: Annotated[Visitor, may(Right.SUBMIT_REPORTS)], given: ReportInput
) -> ReportStatus:
    """Report pages. 200 when the same came under this reference before, 409 when something else did.

    Nothing is fetched here: the addresses go to the crawler, which visits public pages alone."""
    parts = parts_of(request)
    wanted = Given(
        source=ReportSource(given.source),
        category=KINDS[given.what],
        language=given.language,
        urls=intake.canonical_urls(given.urls),
        told=Told(contact=given.contact.strip(), note=given.note.strip()),
    )
    taken = await intake.submit(parts, wanted, given.reference, visitor.account)
    response.status_code = CREATED if taken.new else 200
    async with parts.database.transaction() as tx:
        return await status_of(tx, taken.report)


@router.get("/reports")
async def changed(
    request: Request,
    visitor: Annotated[Visitor, may(Right.SUBMIT_REPORTS)],
    updated_since: Moment | None = None,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> ReportStatuses:
    """The reports of this account by their last change, the oldest first: ask again with the last `updated_at`.
    What changed within the minute before that comes once more."""
    async with parts_of(request).database.transaction() as tx:
        rows, following = await intake.changed(tx, visitor.account, updated_since, after, limit)
        async with everywhere(tx):
            pages = await pages_of(tx, [row.report_id for row in rows])
        items = [ReportStatus.of(row, pages.get(row.report_id, [])) for row in rows]
        return ReportStatuses(items=items, next=following)


@router.get("/reports/{number}")
async def one(request: Request, visitor: Annotated[Visitor, may(Right.SUBMIT_REPORTS)], number: Number) -> ReportStatus:
    """Where each address of a report of this account stands."""
    async with parts_of(request).database.transaction() as tx:
        return await status_of(tx, await intake.mine(tx, number, visitor.account))


async def status_of(tx: Transaction, row: ReportRow) -> ReportStatus:
    async with everywhere(tx):
        pages = await pages_of(tx, [row.report_id])
    return ReportStatus.of(row, pages.get(row.report_id, []))
