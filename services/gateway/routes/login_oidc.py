"""Logging in by an identity provider."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.oidc import entering
from services.gateway.oidc.client import Oidc
from services.gateway.oidc.entering import Back
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import local_path, login_cookie, recognised, remember, text_of
from services.gateway.routes.knocking import knock_of
from services.gateway.routes.login import LOGIN_FORM_SECONDS, let_in, login_page
from services.gateway.sessions import Visitor
from services.gateway.tokens import new_token

router = APIRouter(prefix="/login/oidc")
MAX_PARAMETER = 4_096  # characters of a code or state


def oidc_of(request: Request) -> Oidc:
    """Raises `Problem` 404 where no provider is set."""
    oidc = parts_of(request).people.oidc
    if oidc is None:
        raise Problem(404, "no-page")
    return oidc


@router.get("")
async def begin(request: Request, visitor: Annotated[Visitor | None, Depends(recognised)]) -> Response:
    """Off to the provider. Whoever has a session proves anew who they are, as the same person."""
    parts, oidc = parts_of(request), oidc_of(request)
    browser = request.cookies.get(login_cookie(parts)) or new_token()
    again = visitor if visitor and visitor.by_cookie else None
    try:
        address = await entering.begin(
            parts.database, oidc, browser, local_path(request.query_params.get("next")), again
        )
    except Problem as problem:
        return login_page(request, "/", problem)
    answer = RedirectResponse(address, 303)
    remember(answer, parts, login_cookie(parts), browser, LOGIN_FORM_SECONDS)
    return answer


@router.get("/back")
async def back(request: Request) -> Response:
    """Where the provider sends the browser."""
    parts, oidc, knock = parts_of(request), oidc_of(request), knock_of(request)
    given = request.query_params
    told = Back(
        **{
            field: (given.get(name) or "")[:MAX_PARAMETER]
            for field, name in (("state", "state"), ("code", "code"), ("error", "error"), ("issuer", "iss"))
        }
    )
    browser = request.cookies.get(login_cookie(parts), "")
    try:
        opened, going = await entering.finish(parts.database, oidc, browser, told, knock)
    except Problem as problem:
        return login_page(request, "/", problem)
    return let_in(request, opened, knock, going) if opened else RedirectResponse(going, 303)


@router.get("/out")
async def out(request: Request) -> Response:
    """On to the provider's own log-out (RP-Initiated Logout 1.0); to our login page where it has none."""
    return RedirectResponse(await entering.way_out(oidc_of(request)) or "/login", 303)


@router.post("/ended")
async def ended(request: Request) -> Response:
    """Back-channel log-out: the provider itself asks, no browser; the signed token is the proof."""
    parts, oidc = parts_of(request), oidc_of(request)
    form = await request.form(max_files=0, max_fields=5)
    try:
        await entering.log_out(parts.database, oidc, text_of(form, "logout_token"))
    except Problem as problem:
        if problem.status >= 500:
            raise
        return Response(status_code=400)
    return Response(status_code=200)
