"""A token for programs that work in a person's place."""

from fastapi import APIRouter
from starlette.requests import Request

from services.gateway.api.bodies import refuses
from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.parts import parts_of
from services.gateway.people import doorstep
from services.gateway.routes.api_models import LoginInput, Token
from services.gateway.routes.knocking import address_of
from services.gateway.throttle import Knock

router = APIRouter(prefix="/api")


@router.post("/login", openapi_extra=HOLDS_SECRET, responses=refuses(401))
async def log_in(request: Request, given: LoginInput) -> Token:
    """`Authorization: Bearer <token>` then stands for the account until `expires_at`.

    `code`: of the authenticator, where the account has one."""
    parts, knock = parts_of(request), Knock(address_of(request))
    opened = await doorstep.by_program(parts.database, parts.people, given.login, given.password, given.code, knock)
    return Token(
        token=opened.token,
        expires_at=opened.expires_at,
        pseudonym=opened.account.pseudonym,
        roles=opened.account.roles,
    )
