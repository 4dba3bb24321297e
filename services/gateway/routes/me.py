"""One's own account: where one is logged in, password, proof."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.accounts import MAX_PASSWORD, MIN_PASSWORD
from services.gateway.answers import describe
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.people import factors, own
from services.gateway.people.calling_itself import in_words
from services.gateway.people.fresh import is_fresh
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, local_path, text_of, texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.knocking import knock_of
from services.gateway.sessions import Visitor

router = APIRouter()
Me = Annotated[Visitor, may(Right.OWN_SETTINGS)]
DONE = ("password", "ended", "proved")  # what the page says after a redirect


@router.get("/me")
async def mine(request: Request, visitor: Me) -> Response:
    return await page(request, visitor)


async def page(request: Request, visitor: Visitor, problem: Problem | None = None) -> Response:
    parts, done = parts_of(request), request.query_params.get("done")
    async with parts.database.transaction() as tx:
        sessions = await own.sessions(tx, visitor)
        enrolled = await factors.enrolled(tx, visitor.account.login)
        left = await factors.left(tx, visitor.account.login)
    answer = render(
        request,
        "me.html",
        visitor,
        problem.status if problem else 200,
        sessions=sessions,
        in_words=in_words,
        enrolled=enrolled,
        left=left,
        fresh=is_fresh(visitor, parts.clock.now()),
        refusal=describe(problem, texts_of(request)) if problem else None,
        done=done if done in DONE else None,
        least=MIN_PASSWORD,
        most=MAX_PASSWORD,
        required=parts.people.second_factor,
    )
    if problem and "retry_after" in problem.values:
        answer.headers["Retry-After"] = str(problem.values["retry_after"])
    return answer


@router.post("/me/sessions/{session_id}/end")
async def end_session(request: Request, visitor: Me, session_id: UUID) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await own.end_session(tx, visitor, session_id)
    return RedirectResponse("/me?done=ended", 303)


@router.post("/me/password")
async def set_password(request: Request, visitor: Me) -> Response:
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    try:
        if text_of(form, "password") != text_of(form, "again"):
            raise Problem(422, "passwords-differ", field="again")
        former, fresh = text_of(form, "former"), text_of(form, "password")
        await own.set_password(parts.database, visitor, former, fresh, knock_of(request))
    except Problem as problem:
        return await page(request, visitor, problem)
    return RedirectResponse("/me?done=password", 303)


@router.get("/me/again")
async def again_form(request: Request, visitor: Me) -> Response:
    """For what asks for a fresh proof: `?next=` is where it goes on."""
    return await again_page(request, visitor, local_path(request.query_params.get("next") or "/me?done=proved"))


async def again_page(request: Request, visitor: Visitor, going: str, problem: Problem | None = None) -> Response:
    async with parts_of(request).database.transaction() as tx:
        enrolled = await factors.enrolled(tx, visitor.account.login)
    words = describe(problem, texts_of(request)) if problem else None
    status = problem.status if problem else 200
    return render(request, "me_again.html", visitor, status, enrolled=enrolled, going=going, refusal=words)


@router.post("/me/again")
async def prove_again(request: Request, visitor: Me) -> Response:
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    going = local_path(text_of(form, "next"))
    password, code = text_of(form, "password"), text_of(form, "code")
    try:
        await own.prove_again(parts.database, parts.people, visitor, password, code, knock_of(request))
    except Problem as problem:
        return await again_page(request, visitor, going, problem)
    return RedirectResponse(going, 303)
