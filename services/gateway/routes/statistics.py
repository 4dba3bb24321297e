"""What everybody may know: months that are over, of all agencies together. No login, no cookie; for caches."""

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.gateway.answers import Errors
from services.gateway.figures.publishing import LEAST, months
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem

router = APIRouter()
api = APIRouter(prefix="/api", responses={404: {"model": Errors}})
MONTHS = 24  # shown
# Months change once a month; an hour is soon enough for a new one, and keeps everybody else's requests from us.
CACHED = "public, max-age=3600"


class Grouped(BaseModel):
    """`rest`: groups of fewer than ten, together; null where even that is fewer."""

    shown: dict[str, int]
    rest: int | None


class MonthItem(BaseModel):
    """A number under ten is null. `median_seconds`: null of fewer than ten cases."""

    month: date
    published_at: datetime
    totals: dict[str, int | None]
    median_seconds: dict[str, float | None]
    removed_by_country: Grouped
    removed_by_kind: Grouped


class Statistics(BaseModel):
    """`least`: smaller numbers are not told."""

    least: int
    months: list[MonthItem]


async def _months(request: Request) -> list[dict[str, Any]]:
    """Raises `Problem` 404 where the agency does not publish."""
    if not parts_of(request).statistics:
        raise Problem(404, "no-page")
    async with parts_of(request).database.transaction() as tx:
        told = await months(tx, MONTHS)
    return [{"month": month, "published_at": at, **body} for month, at, body in told]


@router.get("/statistics")
async def page(request: Request) -> HTMLResponse:
    """In the reader's language: caches are told by what it is chosen."""
    answer = render(request, "statistics.html", months=await _months(request), least=LEAST)
    answer.headers["Cache-Control"] = CACHED
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


@api.get("/statistics", summary="Public statistics")
async def statistics(request: Request, response: Response) -> Statistics:
    """Without a login: months that are over, of all agencies together."""
    told = [MonthItem.model_validate(month) for month in await _months(request)]
    response.headers["Cache-Control"] = CACHED
    return Statistics(least=LEAST, months=told)
