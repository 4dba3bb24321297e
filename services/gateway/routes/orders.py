"""Forms of the case page: a bundle, a legal hold, its end; and the download of what was made."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta, tzinfo
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from services.gateway.evidence.downloads import download
from services.gateway.evidence.orders import CONFIRMED, Wanted, listed, place
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from shared.events import OrderKind

router = APIRouter()


@router.post("/cases/{case_id}/orders")
async def order(request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.ORDER_EVIDENCE)]) -> Response:
    form = await guarded_form(request, visitor.token)
    parts = parts_of(request)
    wanted = wanted_of(form, parts.timezone)
    order_id = await place(parts.database, case_id, wanted, visitor)
    waits = f"/confirmations#c-{order_id}" if wanted.kind in CONFIRMED else f"/cases/{case_id}#orders"
    return RedirectResponse(waits, 303)


@router.get("/cases/{case_id}/orders")
async def orders(
    request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.READ_EVIDENCE)]
) -> HTMLResponse:
    """The list alone: a page looks again while something is being made."""
    case, placed = await listed(parts_of(request).database, case_id)
    return render(request, "case_orders_list.html", visitor, orders=placed, case=case)


@router.post("/cases/{case_id}/orders/{order_id}/bundle")
async def bundle(
    request: Request, case_id: UUID, order_id: UUID, visitor: Annotated[Visitor, may(Right.ORDER_EVIDENCE)]
) -> Response:
    """A form, as everything that the history keeps: a link could be followed by a program that looks ahead."""
    await guarded_form(request, visitor.token)
    parts = parts_of(request)
    return handed_out(case_id, await download(parts.database, parts.exports, case_id, order_id, visitor.account))


def handed_out(case_id: UUID, parts: AsyncIterator[bytes]) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{case_id}.haetae.zip"',
        "Cache-Control": "no-store, private",
    }
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


def wanted_of(form: FormData, timezone: tzinfo) -> Wanted:
    """Raises `Problem` 422."""
    try:
        kind = OrderKind(text_of(form, "kind"))
        order_id = UUID(text_of(form, "order_id"))
        hold = UUID(given) if (given := text_of(form, "hold")) else None
    except ValueError as error:
        raise Problem(422, "bad-order", field="kind") from error
    why, basis = text_of(form, "why").strip(), text_of(form, "basis").strip()
    return Wanted(order_id, kind, why, basis, until=_end_of(text_of(form, "until"), timezone), hold=hold)


def _end_of(day: str, timezone: tzinfo) -> datetime | None:
    """A hold until a day covers that day, where the officials are."""
    if not day:
        return None
    try:
        return datetime.combine(datetime.fromisoformat(day).date() + timedelta(days=1), time(), timezone)
    except (ValueError, OverflowError) as error:
        raise Problem(422, "bad-until", field="until") from error
