"""The audit history of everything, and the check of every chain."""

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.gateway import history
from services.gateway.audit import ACCESS_CHAIN, ALERTS_CHAIN, AUTOSEND_CHAIN, HASHES_CHAIN
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter()
SHOWN = 100  # the newest lines
NO_CASE = {ACCESS_CHAIN: "access", ALERTS_CHAIN: "alerts", HASHES_CHAIN: "hashes", AUTOSEND_CHAIN: "autosend"}


@router.get("/audit")
async def audit_page(request: Request, visitor: Annotated[Visitor, may(Right.READ_HISTORY)]) -> HTMLResponse:
    """`?verify=1` recomputes every hash of every chain."""
    verify = request.query_params.get("verify") == "1"
    async with parts_of(request).database.transaction() as tx:
        lines = await history.newest(tx, SHOWN)
        checked = [entry async for entry in history.check_all(tx)] if verify else []
    return render(
        request,
        "audit.html",
        visitor,
        lines=lines,
        verified=verify,
        chains=len(checked),
        total=sum(length for _, length, _ in checked),
        breaks=[broken for _, _, broken in checked if broken],
        no_case=NO_CASE,
    )
