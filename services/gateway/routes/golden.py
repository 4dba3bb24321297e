"""Golden cases and doubts, for seniors; second looks, for whoever decides."""

from random import SystemRandom
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.care import again, golden
from services.gateway.evidence.files import REDACTED
from services.gateway.evidence.looks import opens, shown_at_once
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from shared.events import Verdict

router = APIRouter()
Senior = Annotated[Visitor, may(Right.KEEP_GOLDEN)]
Decider = Annotated[Visitor, may(Right.DECIDE_CASES)]
MOST_DOUBTS = 100  # the oldest first; more wait behind them
SKIPPED = "skip"


@router.get("/golden")
async def page(request: Request, visitor: Senior) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        shown, following = await golden.shown(tx, after=request.query_params.get("after"))
        doubts = await again.doubts(tx, MOST_DOUBTS)
    return render(
        request,
        "golden.html",
        visitor,
        shown=shown,
        next=following,
        doubts=doubts,
        wanted=request.query_params.get("case", ""),
        max_why=golden.MAX_WHY,
    )


@router.post("/golden")
async def propose(request: Request, visitor: Senior) -> Response:
    form = await guarded_form(request, visitor.token)
    case_id, verdict = case_of(text_of(form, "case_id")), verdict_of(text_of(form, "verdict"))
    async with parts_of(request).database.transaction() as tx:
        await golden.propose(tx, visitor.account, case_id, verdict, text_of(form, "why"))
    return RedirectResponse("/golden", 303)


@router.post("/golden/{case_id}/agree")
async def agree(request: Request, visitor: Senior, case_id: UUID) -> Response:
    shown = text_of(await guarded_form(request, visitor.token), "shown")
    async with parts_of(request).database.transaction() as tx:
        await golden.agree(tx, visitor.account, case_id, shown)
    return RedirectResponse("/golden", 303)


@router.post("/golden/{case_id}/end")
async def end(request: Request, visitor: Senior, case_id: UUID) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await golden.end(tx, visitor.account, case_id)
    return RedirectResponse("/golden", 303)


@router.post("/golden/doubts/{case_id}")
async def attend(request: Request, visitor: Senior, case_id: UUID) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await again.attend(tx, visitor.account, case_id)
    return RedirectResponse("/golden#doubts", 303)


@router.post("/blind-looks/next")
async def next_look(request: Request, visitor: Decider) -> Response:
    """The second look that is due, or the queue."""
    await guarded_form(request, visitor.token)
    async with again.silent(parts_of(request).database).transaction() as tx:
        look = await again.due(tx, visitor.account, tx.clock.now(), SystemRandom())
    return RedirectResponse(f"/blind-looks/{look}" if look else "/", 303)


@router.get("/blind-looks/{look}")
async def second_look(request: Request, visitor: Decider, look: str) -> HTMLResponse:
    """The case as it is shown to anybody, blurred; without its verdict, its decider and its notices."""
    async with parts_of(request).database.transaction() as tx:
        _, case = await again.held(tx, visitor.account, look)
        pictures = [item.name for item in shown_at_once(case)]
        await opens(tx, case.case_id, visitor.account, pictures=True)
    return render(request, "blind_look.html", visitor, look=look, case=case, pictures=pictures, redacted=REDACTED)


@router.post("/blind-looks/{look}")
async def answer(request: Request, visitor: Decider, look: str) -> Response:
    form = await guarded_form(request, visitor.token)
    said = text_of(form, "verdict")
    async with again.silent(parts_of(request).database).transaction() as tx:
        if said == SKIPPED:
            await again.skip(tx, visitor.account, look)
            return RedirectResponse("/", 303)
        told = await again.answer(tx, visitor.account, look, verdict_of(said), tx.clock.now())
    return render(request, "blind_look_told.html", visitor, told=told)


def verdict_of(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError as error:
        raise Problem(422, "bad-verdict", field="verdict") from error


def case_of(text: str) -> UUID:
    try:
        return UUID(text.strip().rpartition("/")[2])
    except ValueError as error:
        raise Problem(404, "no-case", field="case_id") from error
