"""Figures of the house: pages, CSV, and the same for programs."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.gateway.answers import Errors
from services.gateway.api.moments import Day
from services.gateway.care.house import the_house
from services.gateway.figures.drawing import Writer, chart
from services.gateway.figures.reading import Period, period, read
from services.gateway.figures.sheets import sheet
from services.gateway.figures.tables import Cell, Table, tables
from services.gateway.pages import duration, render, written
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter()
api = APIRouter(prefix="/api", responses={s: {"model": Errors} for s in (401, 403, 422)})
Head = Annotated[Visitor, may(Right.READ_FIGURES)]
DAYS = 30  # shown first
CHOICES = (7, 30, 90, 365)  # days, beside one's own dates


class TableItem(BaseModel):
    """`columns` name the values of each row: counts, seconds, shares from 0 to 1, dates, codes."""

    name: str
    columns: list[str]
    rows: list[list[Cell]]


class Figures(BaseModel):
    """`first` and `last` inclusive; a period of more than 92 days begins with a month."""

    first: date
    last: date
    tables: list[TableItem]


async def _read(request: Request, visitor: Visitor, wanted: Period) -> list[Table]:
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        sums = await read(tx, wanted, visitor.account.agency)
    return tables(sums, wanted, the_house().day(parts.clock.now()))


def asked(request: Request, first: str, last: str) -> Period:
    """From the words of an address; the last `DAYS` where it says nothing. Raises `Problem` 422."""
    today = the_house().day(parts_of(request).clock.now())
    last_day = day_of("to", last) or today
    shown = min(timedelta(days=DAYS - 1), last_day - date.min)
    return period(day_of("from", first) or last_day - shown, last_day)


def day_of(field: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Problem(422, "no-date", field=field) from error


@router.get("/figures")
async def page(request: Request, visitor: Head) -> HTMLResponse:
    query = request.query_params
    wanted = asked(request, query.get("from", ""), query.get("to", ""))
    texts = texts_of(request)
    write = Writer(texts, lambda value, digits: written(texts.language, value, digits), lambda s: duration(s, texts))
    told = await _read(request, visitor, wanted)
    today = the_house().day(parts_of(request).clock.now())
    return render(
        request,
        "figures.html",
        visitor,
        period=wanted,
        tables=[(table, chart(table, write)) for table in told],
        write=write,
        choices=[(days, today - timedelta(days=days - 1), today) for days in CHOICES],
    )


@router.get("/figures/{name}.csv")
async def as_sheet(request: Request, visitor: Head, name: str) -> Response:
    query = request.query_params
    wanted = asked(request, query.get("from", ""), query.get("to", ""))
    for table in await _read(request, visitor, wanted):
        if table.name == name:
            file = f"haetae-{name}-{wanted.first}-{wanted.last}.csv"
            head = {"Content-Disposition": f'attachment; filename="{file}"'}
            return Response(sheet(table), media_type="text/csv; charset=utf-8", headers=head)
    raise Problem(404, "no-page")


@api.get("/figures", summary="Figures of your agency")
async def figures(request: Request, visitor: Head, first: Day | None = None, last: Day | None = None) -> Figures:
    """Of a period, by default the last 30 days; as the page shows them, as old as twenty seconds."""
    wanted = asked(request, first.isoformat() if first else "", last.isoformat() if last else "")
    told = await _read(request, visitor, wanted)
    items = [
        TableItem(name=table.name, columns=[one.name for one in table.columns], rows=[list(row) for row in table.rows])
        for table in told
    ]
    return Figures(first=wanted.first, last=wanted.last, tables=items)
