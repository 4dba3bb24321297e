"""Logging in and out, and choosing the language."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway import sessions
from services.gateway.answers import describe
from services.gateway.pages import render
from services.gateway.parts import parts_of
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
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.tokens import csrf_token, new_token

router = APIRouter()
LOGIN_FORM_SECONDS = 3600


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


@router.get("/login")
async def form(request: Request, visitor: Annotated[Visitor | None, Depends(recognised)]) -> Response:
    going = local_path(request.query_params.get("next"))
    return RedirectResponse(going, 303) if visitor else login_page(request, going)


def login_page(request: Request, going: str, problem: Problem | None = None) -> Response:
    cookie = login_cookie(parts_of(request))
    token = request.cookies.get(cookie) or new_token()
    words = describe(problem, texts_of(request)) if problem else None
    status = problem.status if problem else 200
    page = render(request, "login.html", status=status, csrf=csrf_token(token), going=going, refusal=words)
    remember(page, parts_of(request), cookie, token, LOGIN_FORM_SECONDS)
    return page


@router.post("/login")
async def log_in(request: Request) -> Response:
    parts = parts_of(request)
    fields = await guarded_form(request, request.cookies.get(login_cookie(parts), ""))
    going = local_path(text_of(fields, "next"))
    login, password = text_of(fields, "login").strip().lower(), text_of(fields, "password")
    try:
        opened = await sessions.log_in(parts.database, login, password, address_of(request))
    except Problem as problem:
        return login_page(request, going, problem)
    answer = RedirectResponse(going, 303)
    remember_session(answer, parts, opened.token)
    forget(answer, parts, login_cookie(parts))
    return answer


@router.post("/logout")
async def log_out(request: Request, visitor: Annotated[Visitor, may(Right.OWN_SETTINGS)]) -> Response:
    parts = parts_of(request)
    await guarded_form(request, visitor.token)
    await sessions.log_out(parts.database, visitor)
    answer = RedirectResponse("/login", 303)
    forget(answer, parts, session_cookie(parts))
    return answer
