"""Choosing a password by a one-time link."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.accounts import MAX_PASSWORD, MIN_PASSWORD
from services.gateway.answers import describe
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.people import invitations
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, login_cookie, remember, text_of, texts_of
from services.gateway.tokens import csrf_token, new_token

router = APIRouter()
FORM_SECONDS = 3600


@router.get("/invitation/{token}")
async def form(request: Request, token: str) -> Response:
    return await form_page(request, token)


async def form_page(request: Request, token: str, problem: Problem | None = None) -> Response:
    """Looking at it uses nothing up: programs that read mail open links, too."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        account = await invitations.invited(tx, token)
    guard = request.cookies.get(login_cookie(parts)) or new_token()
    words = describe(problem, texts_of(request)) if problem else None
    page = render(
        request,
        "invitation.html",
        status=problem.status if problem else 200,
        csrf=csrf_token(guard),
        login=account.login,
        refusal=words,
        least=MIN_PASSWORD,
        most=MAX_PASSWORD,
    )
    remember(page, parts, login_cookie(parts), guard, FORM_SECONDS)
    return page


@router.post("/invitation/{token}")
async def accept(request: Request, token: str) -> Response:
    parts = parts_of(request)
    fields = await guarded_form(request, request.cookies.get(login_cookie(parts), ""))
    try:
        if text_of(fields, "password") != text_of(fields, "again"):
            raise Problem(422, "passwords-differ", field="again")
        await invitations.accept(parts.database, token, text_of(fields, "password"))
    except Problem as problem:
        if problem.status != 422:
            raise
        return await form_page(request, token, problem)
    return RedirectResponse("/login", 303)
