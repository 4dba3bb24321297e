"""One's own second factor: another one, and new recovery codes."""

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.answers import describe
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.people import own
from services.gateway.people.drawing import qr
from services.gateway.people.fresh import fresh, is_fresh
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of, texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/me/second-factor")
Me = Annotated[Visitor, may(Right.OWN_SETTINGS)]
AGAIN = "/me/again?next=/me"


@router.post("")
async def begin(request: Request, visitor: Me) -> Response:
    await guarded_form(request, visitor.token)
    parts = parts_of(request)
    if not is_fresh(visitor, parts.clock.now()):
        return RedirectResponse(AGAIN, 303)
    async with parts.database.transaction() as tx:
        await own.begin_factor(tx, parts.people, visitor)
    return RedirectResponse("/me/second-factor", 303)


@router.get("")
async def form(request: Request, visitor: Me) -> Response:
    if not is_fresh(visitor, parts_of(request).clock.now()):
        return RedirectResponse(AGAIN, 303)
    try:
        return await form_page(request, visitor)
    except Problem as problem:
        if problem.code != "factor-not-begun":
            raise
        return RedirectResponse("/me", 303)


async def form_page(request: Request, visitor: Visitor, problem: Problem | None = None) -> Response:
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        secret, _ = await own.begun_factor(tx, parts.people, visitor.account)
    words = describe(problem, texts_of(request)) if problem else None
    return render(
        request,
        "login_enrol.html",
        visitor,
        problem.status if problem else 200,
        refusal=words,
        secret=secret,
        picture="/me/second-factor/qr.svg",
        to="/me/second-factor/confirm",
    )


@router.get("/qr.svg")
async def picture(request: Request, visitor: Me) -> Response:
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        fresh(visitor, tx.clock.now())
        _, address = await own.begun_factor(tx, parts.people, visitor.account)
    return Response(qr(address), media_type="image/svg+xml")


@router.post("/confirm")
async def confirm(request: Request, visitor: Me) -> Response:
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    try:
        async with parts.database.transaction() as tx:
            codes = await own.confirm_factor(tx, parts.people, visitor, text_of(form, "code"))
    except Problem as problem:
        if problem.code != "wrong-code":
            raise
        return await form_page(request, visitor, problem)
    return render(request, "recovery_codes.html", visitor, codes=codes, going="/me")


@router.post("/recovery-codes")
async def renew(request: Request, visitor: Me) -> Response:
    await guarded_form(request, visitor.token)
    parts = parts_of(request)
    if not is_fresh(visitor, parts.clock.now()):
        return RedirectResponse(AGAIN, 303)
    async with parts.database.transaction() as tx:
        codes = await own.renew_recovery(tx, visitor)
    return render(request, "recovery_codes.html", visitor, codes=codes, going="/me")
