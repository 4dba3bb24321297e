"""What waits for a second person: the page, and its API."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.api.cursors import Cursor
from services.gateway.evidence import orders
from services.gateway.federation import accepting, issuing, peers
from services.gateway.pages import render
from services.gateway.parts import Parts, parts_of
from services.gateway.requests import guarded_form
from services.gateway.rights import confirming
from services.gateway.rights.asking import may
from services.gateway.rights.confirming import SHOWN, CarryOut, Confirmation, Kind
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_audit_exports import READY_FOR
from services.gateway.sessions import Visitor
from shared.database import Transaction

pages = APIRouter()
router = APIRouter(prefix="/api/confirmations")


async def _noted(tx: Transaction, confirmed: Confirmation) -> None:
    """Nothing is to be done at once: who asks for it shows the confirmation."""


CARRY_OUT: dict[str, CarryOut] = {
    Kind.DESTROY_EVIDENCE: orders.carry_out,
    Kind.RELEASE_HOLD: orders.carry_out,
    Kind.EXPORT_HISTORY: _noted,
    Kind.PIN_PEER: peers.carry_out,
    Kind.TAKE_STATEMENTS: accepting.carry_out,
}


def carrying_out(parts: Parts) -> dict[str, CarryOut]:
    return CARRY_OUT | {Kind.STATE: partial(issuing.carry_out, house=parts.federation)}


class ConfirmationItem(BaseModel):
    """`details`: what exactly is to be done; of an export nothing means the whole history. `outcome`: none while it
    waits or when it was over before anybody answered."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "confirmation_id": "5c5ad7a3-4c6b-5b8e-9d8b-1f0f6f2f6a11",
                "kind": "release-hold",
                "case_id": "0b0f6b5e-0d2f-5a51-9a0e-5d7f0f5a3c2e",
                "details": {"kind": "release", "basis": "Article 1", "hold": ""},
                "why": "The court gave it back.",
                "proposed_by": "senior-reviewer-7c1f02",
                "proposed_at": "2026-03-02T09:12:00Z",
                "expires_at": "2026-03-09T09:12:00Z",
                "ended_at": None,
                "ended_by": None,
                "outcome": None,
            }
        },
    )

    confirmation_id: UUID
    kind: Kind
    case_id: UUID | None
    details: dict[str, Any]
    why: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    outcome: Literal["confirmed", "refused", "withdrawn"] | None


class ConfirmationList(BaseModel):
    """What waits, the oldest first; then what is over, the newest first."""

    items: list[ConfirmationItem]
    next: str | None


@pages.get("/confirmations")
async def page(request: Request, visitor: Annotated[Visitor, may(Right.SECOND_LOOK)]) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        rows, following = await confirming.shown(tx, after=request.query_params.get("after"))
    return render(request, "confirmations.html", visitor, rows=rows, next=following, ready_for=READY_FOR)


@pages.post("/confirmations/{confirmation_id}/confirm")
async def confirm_by_form(
    request: Request, confirmation_id: UUID, visitor: Annotated[Visitor, may(Right.SECOND_LOOK)]
) -> Response:
    await guarded_form(request, visitor.token)
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        await confirming.confirm(tx, confirmation_id, visitor, carrying_out(parts))
    return RedirectResponse(f"/confirmations#c-{confirmation_id}", 303)


@pages.post("/confirmations/{confirmation_id}/refuse")
async def refuse_by_form(
    request: Request, confirmation_id: UUID, visitor: Annotated[Visitor, may(Right.SECOND_LOOK)]
) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await confirming.refuse(tx, confirmation_id, visitor)
    return RedirectResponse(f"/confirmations#c-{confirmation_id}", 303)


@router.get("")
async def listing(
    request: Request,
    visitor: Annotated[Visitor, may(Right.SECOND_LOOK)],
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=SHOWN)] = SHOWN,
) -> ConfirmationList:
    """What waits for a second person."""
    async with parts_of(request).database.transaction() as tx:
        rows, following = await confirming.shown(tx, limit, after)
    return ConfirmationList(items=[ConfirmationItem.model_validate(row) for row in rows], next=following)


@router.post("/{confirmation_id}/confirm")
async def confirm(
    request: Request, visitor: Annotated[Visitor, may(Right.SECOND_LOOK)], confirmation_id: UUID
) -> ConfirmationItem:
    """Confirm what another person proposed. It is done in the same moment."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        done = await confirming.confirm(tx, confirmation_id, visitor, carrying_out(parts))
        return ConfirmationItem.model_validate(done)


@router.post("/{confirmation_id}/refuse")
async def refuse(
    request: Request, visitor: Annotated[Visitor, may(Right.SECOND_LOOK)], confirmation_id: UUID
) -> ConfirmationItem:
    """Refuse what another person proposed, or withdraw what you did."""
    async with parts_of(request).database.transaction() as tx:
        return ConfirmationItem.model_validate(await confirming.refuse(tx, confirmation_id, visitor))
