"""Alerts about conversations: a counsellor sees them and takes them up."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway import alerts
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter()
MAX_NOTE = 2_000  # characters
STAGES = ("contact", "trust", "testing", "isolation", "moving_platform", "meeting_request")


@router.get("/alerts")
async def alerts_page(request: Request, visitor: Annotated[Visitor, may(Right.READ_ALERTS)]) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        after = request.query_params.get("after")
        rows, following = await alerts.page(tx, open_only=False, limit=alerts.SHOWN, after=after)
    return render(request, "alerts.html", visitor, rows=rows, next=following, longest=MAX_NOTE)


@router.get("/playbook")
async def playbook(request: Request, visitor: Annotated[Visitor, may(Right.READ_ALERTS)]) -> HTMLResponse:
    """What to do at each stage; alerts lead here unless the agency has its own."""
    return render(request, "playbook.html", visitor, stages=STAGES)


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge(
    request: Request, alert_id: UUID, visitor: Annotated[Visitor, may(Right.TAKE_ALERTS)]
) -> Response:
    form = await guarded_form(request, visitor.token)
    note = text_of(form, "note").strip()[:MAX_NOTE]
    if not note:
        raise Problem(422, "no-note", field="note")
    await alerts.acknowledge(parts_of(request).database, alert_id, note, visitor.account)
    return RedirectResponse(f"/alerts#a-{alert_id}", 303)
