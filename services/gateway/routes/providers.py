"""How recipients act on notices: a table, and the same for programs."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.gateway.federation.elsewhere import Elsewhere, elsewhere
from services.gateway.notices.league import SHOWN, WINDOW, League, Standing, league
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter()
api = APIRouter(prefix="/api")


class ProviderList(BaseModel):
    """Those with most notices first. `more`: there are others, with fewer; `next` is always null, for the figures of a
    few notices say nothing. `elsewhere`: as other agencies say, where two persons here accepted it; newest first."""

    items: list[Standing]
    next: None = None
    more: bool
    elsewhere: list[Elsewhere]


async def _read(request: Request) -> tuple[League, list[Elsewhere]]:
    async with parts_of(request).database.transaction() as tx:
        return await league(tx), await elsewhere(tx)


@router.get("/providers")
async def providers(request: Request, visitor: Annotated[Visitor, may(Right.READ_PROVIDERS)]) -> HTMLResponse:
    told, others = await _read(request)
    longest = max((row.removal_s for row in told.rows if row.removal_s is not None), default=0.0)
    return render(
        request,
        "providers.html",
        visitor,
        league=told,
        elsewhere=others,
        longest=longest,
        days=WINDOW.days,
        most=SHOWN,
    )


@api.get("/providers")
async def list_providers(request: Request, visitor: Annotated[Visitor, may(Right.READ_PROVIDERS)]) -> ProviderList:
    """How recipients acted on the notices of the last year."""
    told, others = await _read(request)
    return ProviderList(items=list(told.rows), more=told.more, elsewhere=others)
