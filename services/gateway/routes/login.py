"""Logging in with a password, and out."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway import sessions
from services.gateway.accounts import Account
from services.gateway.answers import describe
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.people import doorstep
from services.gateway.people.doorstep import Challenged
from services.gateway.problems import Problem
from services.gateway.requests import (
    forget,
    guarded_form,
    local_path,
    login_cookie,
    recognised,
    remember,
    remember_session,
    session_cookie,
    text_of,
    texts_of,
)
from services.gateway.rights.asking import may
from services.gateway.rights.deciding import account_holds
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.knocking import knock_of, know
from services.gateway.sessions import Opened, Visitor
from services.gateway.throttle import Knock
from services.gateway.tokens import csrf_token, new_token

router = APIRouter()
LOGIN_FORM_SECONDS = 3600


@router.get("/login")
async def form(request: Request, visitor: Annotated[Visitor | None, Depends(recognised)]) -> Response:
    going = local_path(request.query_params.get("next"))
    return RedirectResponse(landing(visitor.account, going), 303) if visitor else login_page(request, going)


def login_page(request: Request, going: str, problem: Problem | None = None) -> Response:
    parts = parts_of(request)
    cookie = login_cookie(parts)
    token = request.cookies.get(cookie) or new_token()
    words = describe(problem, texts_of(request)) if problem else None
    status = problem.status if problem else 200
    page = render(
        request,
        "login.html",
        status=status,
        csrf=csrf_token(token),
        going=going,
        refusal=words,
        provider=parts.people.oidc.label if parts.people.oidc else None,
        ended=request.query_params.get("out") == "1",
    )
    remember(page, parts, cookie, token, LOGIN_FORM_SECONDS)
    if problem and "retry_after" in problem.values:
        page.headers["Retry-After"] = str(problem.values["retry_after"])
    return page


@router.post("/login")
async def log_in(request: Request) -> Response:
    parts, knock = parts_of(request), knock_of(request)
    fields = await guarded_form(request, request.cookies.get(login_cookie(parts), ""))
    going = local_path(text_of(fields, "next"))
    login, password = text_of(fields, "login").strip().lower(), text_of(fields, "password")
    try:
        begun = await doorstep.by_browser(parts.database, parts.people, login, password, knock, going)
    except Problem as problem:
        return login_page(request, going, problem)
    return challenge(request, begun) if isinstance(begun, Challenged) else let_in(request, begun, knock, going)


def challenge(request: Request, begun: Challenged) -> Response:
    """On to what is still owed; the form's own token ends here, another begins."""
    answer = RedirectResponse(f"/login/{begun.wants.value}", 303)
    seconds = int(doorstep.OPEN_FOR.total_seconds())
    remember(answer, parts_of(request), login_cookie(parts_of(request)), begun.token, seconds)
    return answer


def let_in(request: Request, opened: Opened, knock: Knock, going: str) -> Response:
    answer = RedirectResponse(landing(opened.account, going), 303)
    return seat(request, answer, opened, knock)


def seat(request: Request, answer: Response, opened: Opened, knock: Knock) -> Response:
    """With `answer` the session reaches the browser."""
    parts = parts_of(request)
    remember_session(answer, parts, opened.token)
    know(answer, request, knock)
    forget(answer, parts, login_cookie(parts))
    return answer


def landing(account: Account, going: str) -> str:
    """Whoever has no cases begins with themselves."""
    return "/me" if going == "/" and not account_holds(account, Right.READ_CASES) else going


@router.post("/logout")
async def log_out(request: Request, visitor: Annotated[Visitor, may(Right.OWN_SETTINGS)]) -> Response:
    parts = parts_of(request)
    await guarded_form(request, visitor.token)
    await sessions.log_out(parts.database, visitor)
    by_provider = visitor.account.issuer is not None
    answer = RedirectResponse("/login?out=1" if by_provider else "/login", 303)
    forget(answer, parts, session_cookie(parts))
    return answer
