"""Cases that go to another agency: the pages, and their API."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.agencies import transferring
from services.gateway.agencies.transferring import MAX_WORDS, SHOWN
from services.gateway.api.cursors import Cursor
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.sessions import Visitor
from services.gateway.store import Case

pages = APIRouter()
router = APIRouter(prefix="/api")
Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS, pattern=NO_NUL)]
Transfers = Annotated[Visitor, may(Right.TRANSFER_CASES)]


class AgencyItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    agency: str
    name: str
    languages: list[str]
    contact: str


class AgencyList(BaseModel):
    """As the house has them configured: a few, so `next` is always null."""

    items: list[AgencyItem]
    next: None = None


class TransferItem(BaseModel):
    """`category`: what the other side knows of the case before it has accepted it."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "transfer_id": "9e0d6b3c-3f6e-4b0e-8a51-5a1c3c9b7f10",
                "case_id": "0b0f6b5e-0d2f-5a51-9a0e-5d7f0f5a3c2e",
                "from_agency": "home",
                "to_agency": "harbour",
                "why": "The person concerned lives there.",
                "category": "suspected_text",
                "offered_by": "senior-reviewer-7c1f02",
                "offered_at": "2026-03-02T09:12:00Z",
                "ended_at": None,
                "ended_by": None,
                "outcome": None,
            }
        },
    )

    transfer_id: UUID
    case_id: UUID
    from_agency: str
    to_agency: str
    why: str
    category: str | None
    offered_by: str
    offered_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    outcome: Literal["accepted", "declined", "withdrawn"] | None


class TransferList(BaseModel):
    """What is open, then the newest."""

    items: list[TransferItem]
    next: str | None


class OfferInput(Input):
    """`to`: the agency, as the list of agencies names it."""

    to: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
    why: Words


class Why(Input):
    why: Words


@pages.get("/transfers")
async def page(request: Request, visitor: Transfers) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        rows, following = await transferring.offered(tx, after=request.query_params.get("after"))
        names = {row.agency: row.name for row in await transferring.agencies(tx)}
    mine = visitor.account.agency
    return render(
        request, "transfers.html", visitor, rows=rows, next=following, names=names, mine=mine, longest=MAX_WORDS
    )


@pages.get("/cases/{case_id}/transfer")
async def offer_page(request: Request, case_id: UUID, visitor: Transfers) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        case = await tx.get(Case, case_id)
        if case is None:
            raise Problem(404, "no-case")
        others = [row for row in await transferring.agencies(tx) if row.agency != visitor.account.agency]
    return render(request, "transfer.html", visitor, case=case, others=others, longest=MAX_WORDS)


@pages.post("/cases/{case_id}/transfer")
async def offer_by_form(request: Request, case_id: UUID, visitor: Transfers) -> Response:
    form = await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await transferring.offer(tx, case_id, text_of(form, "to"), text_of(form, "why"), visitor)
    return RedirectResponse("/transfers", 303)


@pages.post("/transfers/{transfer_id}/{answer}")
async def answer_by_form(
    request: Request, transfer_id: UUID, answer: Literal["accept", "decline", "withdraw"], visitor: Transfers
) -> Response:
    why = text_of(await guarded_form(request, visitor.token), "why")
    async with parts_of(request).database.transaction() as tx:
        if answer == "accept":
            row = await transferring.accept(tx, transfer_id, visitor)
            return RedirectResponse(f"/cases/{row.case_id}", 303)
        if answer == "decline":
            await transferring.decline(tx, transfer_id, why, visitor)
        else:
            await transferring.withdraw(tx, transfer_id, visitor)
    return RedirectResponse("/transfers", 303)


@router.get("/agencies")
async def agencies(request: Request, visitor: Transfers) -> AgencyList:
    """The agencies of this Haetae."""
    async with parts_of(request).database.transaction() as tx:
        rows = await transferring.agencies(tx)
    return AgencyList(items=[AgencyItem.model_validate(row) for row in rows])


@router.get("/transfers")
async def listing(
    request: Request,
    visitor: Transfers,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=SHOWN)] = SHOWN,
) -> TransferList:
    """Cases that your agency offered or was offered."""
    async with parts_of(request).database.transaction() as tx:
        rows, following = await transferring.offered(tx, limit, after)
    return TransferList(items=[TransferItem.model_validate(row) for row in rows], next=following)


@router.post("/cases/{case_id}/transfers", status_code=201)
async def offer(request: Request, visitor: Transfers, case_id: UUID, given: OfferInput) -> TransferItem:
    """Offer a case to another agency. It stays yours until that one accepts."""
    async with parts_of(request).database.transaction() as tx:
        return TransferItem.model_validate(await transferring.offer(tx, case_id, given.to, given.why, visitor))


@router.post("/transfers/{transfer_id}/accept")
async def accept(request: Request, visitor: Transfers, transfer_id: UUID) -> TransferItem:
    """Take a case over. From then on it is your agency's, with all that belongs to it."""
    async with parts_of(request).database.transaction() as tx:
        return TransferItem.model_validate(await transferring.accept(tx, transfer_id, visitor))


@router.post("/transfers/{transfer_id}/decline")
async def decline(request: Request, visitor: Transfers, transfer_id: UUID, given: Why) -> TransferItem:
    """Do not take a case over."""
    async with parts_of(request).database.transaction() as tx:
        return TransferItem.model_validate(await transferring.decline(tx, transfer_id, given.why, visitor))


@router.post("/transfers/{transfer_id}/withdraw")
async def withdraw(request: Request, visitor: Transfers, transfer_id: UUID) -> TransferItem:
    """Withdraw an offer of your agency."""
    async with parts_of(request).database.transaction() as tx:
        return TransferItem.model_validate(await transferring.withdraw(tx, transfer_id, visitor))
