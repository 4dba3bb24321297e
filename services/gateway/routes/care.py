"""Care for those who look: one's own day and limits, the rest page, and what a house may know of all together."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.care import choices, mine, scores, sums
from services.gateway.care.groups import PEOPLE
from services.gateway.care.units import SEVERITY, HouseLimits, severest
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter()
Mine = Annotated[Visitor, may(Right.OWN_SETTINGS)]
Head = Annotated[Visitor, may(Right.READ_FIGURES)]
Admin = Annotated[Visitor, may(Right.MANAGE_PEOPLE)]
MAX_WHY = 500


@router.get("/care")
async def own(request: Request, visitor: Mine) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        told = await mine.shift(tx, visitor.account.login, tx.clock.now())
    return render(
        request,
        "care.html",
        visitor,
        shift=told,
        categories=severest(SEVERITY),
        saved="saved" in request.query_params,
        least=choices.MIN_BUDGET,
    )


@router.post("/care")
async def choose(request: Request, visitor: Mine) -> Response:
    form = await guarded_form(request, visitor.token)
    out = [str(value) for value in form.getlist("out") if isinstance(value, str)]
    async with parts_of(request).database.transaction() as tx:
        await choices.choose(tx, visitor.account.login, number(form, "budget"), out)
    return RedirectResponse("/care?saved=1#limits", 303)


@router.get("/care/rest")
async def rest(request: Request, visitor: Mine) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        told = await mine.shift(tx, visitor.account.login, tx.clock.now())
    return render(request, "care_rest.html", visitor, serving=told.serving)


@router.get("/care/house")
async def house(request: Request, visitor: Head) -> HTMLResponse:
    agency = visitor.account.agency
    async with parts_of(request).database.transaction() as tx:
        now = tx.clock.now()
        weeks = await sums.weeks(tx, agency, now)
        months = await scores.closed_months(tx, agency, now)
    return render(request, "care_house.html", visitor, weeks=weeks, months=months, people=PEOPLE)


@router.get("/care/limits")
async def limits(request: Request, visitor: Admin) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        held = await choices.default(tx, visitor.account.agency)
    return render(
        request,
        "care_limits.html",
        visitor,
        limits=held.model_dump(),
        saved="saved" in request.query_params,
        max_why=MAX_WHY,
    )


@router.post("/care/limits")
async def set_limits(request: Request, visitor: Admin) -> Response:
    form = await guarded_form(request, visitor.token)
    try:
        wanted = HouseLimits.model_validate({name: text_of(form, name) for name in HouseLimits.model_fields})
    except ValidationError as error:
        raise Problem(422, "no-number", field=str(error.errors()[0]["loc"][0])) from error
    async with parts_of(request).database.transaction() as tx:
        await choices.set_default(tx, visitor.account, wanted)
    return RedirectResponse("/care/limits?saved=1", 303)


@router.post("/care/limits/people")
async def allow(request: Request, visitor: Admin) -> Response:
    form = await guarded_form(request, visitor.token)
    why = text_of(form, "why").strip()[:MAX_WHY]
    async with parts_of(request).database.transaction() as tx:
        await choices.allow(tx, visitor.account, text_of(form, "login").strip(), number(form, "budget"), why)
    return RedirectResponse("/care/limits?saved=1", 303)


def number(form: FormData, field: str) -> float | None:
    """None for an empty field. Raises `Problem` 422."""
    text = text_of(form, field).strip()
    try:
        return float(text) if text else None
    except ValueError as error:
        raise Problem(422, "no-number", field=field) from error
