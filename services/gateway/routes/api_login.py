"""A token for programs."""

from fastapi import APIRouter
from starlette.requests import Request

from services.gateway import sessions
from services.gateway.answers import Errors
from services.gateway.parts import parts_of
from services.gateway.routes.api_models import LoginInput, Token
from services.gateway.routes.login import address_of

router = APIRouter(prefix="/api", responses={status: {"model": Errors} for status in (401, 422, 429)})


@router.post("/login")
async def log_in(request: Request, given: LoginInput) -> Token:
    """`Authorization: Bearer <token>` then stands for the account until `expires_at`."""
    opened = await sessions.log_in(parts_of(request).database, given.login, given.password, address_of(request))
    return Token(
        token=opened.token,
        expires_at=opened.expires_at,
        pseudonym=opened.account.pseudonym,
        roles=opened.account.roles,
    )
