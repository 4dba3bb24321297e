"""The second step of a log-in: a code, or setting up what makes codes."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.answers import describe
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.people import doorstep, factors
from services.gateway.people.doorstep import Wants
from services.gateway.people.drawing import qr
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, login_cookie, text_of, texts_of
from services.gateway.routes.knocking import knock_of
from services.gateway.routes.login import landing, let_in, seat

router = APIRouter()


def token_of(request: Request) -> str:
    return request.cookies.get(login_cookie(parts_of(request)), "")


@router.get("/login/code")
async def code_form(request: Request) -> Response:
    return await code_page(request)


async def code_page(request: Request, problem: Problem | None = None) -> Response:
    try:
        async with parts_of(request).database.transaction() as tx:
            await doorstep.challenged(tx, token_of(request), Wants.CODE)
    except Problem:
        return RedirectResponse("/login", 303)
    return step(request, "login_code.html", problem)


def step(request: Request, template: str, problem: Problem | None, **values: str) -> HTMLResponse:
    words = describe(problem, texts_of(request)) if problem else None
    page = render(request, template, None, problem.status if problem else 200, refusal=words, **values)
    if problem and "retry_after" in problem.values:
        page.headers["Retry-After"] = str(problem.values["retry_after"])
    return page


@router.post("/login/code")
async def give_code(request: Request) -> Response:
    parts, knock, token = parts_of(request), knock_of(request), token_of(request)
    fields = await guarded_form(request, token)
    try:
        opened, going = await doorstep.give_code(parts.database, parts.people, token, text_of(fields, "code"), knock)
    except Problem as problem:
        return await code_page(request, problem)
    return let_in(request, opened, knock, going)


@router.get("/login/enrol")
async def enrol_form(request: Request) -> Response:
    return await enrol_page(request)


async def enrol_page(request: Request, problem: Problem | None = None) -> Response:
    parts = parts_of(request)
    try:
        async with parts.database.transaction() as tx:
            account, _ = await doorstep.challenged(tx, token_of(request), Wants.ENROL)
            secret = await factors.waiting_secret(tx, account.login, parts.people.seal)
    except Problem as gone:
        if gone.status >= 500:
            raise
        return RedirectResponse("/login", 303)
    return step(request, "login_enrol.html", problem, secret=secret, picture="/login/enrol/qr.svg", to="/login/enrol")


@router.get("/login/enrol/qr.svg")
async def enrol_picture(request: Request) -> Response:
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        account, _ = await doorstep.challenged(tx, token_of(request), Wants.ENROL)
        secret = await factors.waiting_secret(tx, account.login, parts.people.seal)
    return Response(qr(factors.address(account, secret)), media_type="image/svg+xml")


@router.post("/login/enrol")
async def enrol(request: Request) -> Response:
    """The recovery codes are in this answer and nowhere else."""
    parts, knock, token = parts_of(request), knock_of(request), token_of(request)
    fields = await guarded_form(request, token)
    try:
        opened, codes, going = await doorstep.enrol(parts.database, parts.people, token, text_of(fields, "code"), knock)
    except Problem as problem:
        return await enrol_page(request, problem)
    page = render(request, "recovery_codes.html", codes=codes, going=landing(opened.account, going))
    return seat(request, page, opened, knock)
