"""The token endpoint of services: OAuth 2.0 client credentials."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.parts import parts_of
from services.gateway.people.granting import LIFETIME, TOKEN_PATH, NotGranted, grant
from services.gateway.routes.knocking import address_of
from services.gateway.throttle import Knock

router = APIRouter()
MAX_FIELDS = 20
NO_STORE = {"Cache-Control": "no-store"}
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "const": "client_credentials"},
                        "scope": {"type": "string", "description": "Rights between blanks; all of the service without"},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                        "client_assertion_type": {"type": "string"},
                        "client_assertion": {"type": "string", "description": "A JWT, RFC 7523"},
                    },
                },
                "example": {"grant_type": "client_credentials", "scope": "submit-reports"},
            }
        },
    }
}


class ServiceToken(BaseModel):
    """RFC 6749, 5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class TokenError(BaseModel):
    """RFC 6749, 5.2."""

    error: str
    error_description: str


@router.post(
    TOKEN_PATH,
    response_model=ServiceToken,
    responses={400: {"model": TokenError}, 401: {"model": TokenError}},
    openapi_extra=HOLDS_SECRET | FORM,
)
async def token(request: Request) -> JSONResponse:
    """A service shows its secret or a signed assertion and gets a token for a quarter of an hour."""
    parts = parts_of(request)
    form = await request.form(max_files=0, max_fields=MAX_FIELDS)
    fields = {name: value.replace("\0", "") for name, value in form.multi_items() if isinstance(value, str)}
    try:
        if len(fields) != len(form.multi_items()):
            raise NotGranted("invalid_request", "each parameter once, as text")
        shown = request.headers.get("Authorization", "")
        opened, scopes = await grant(parts.database, parts.people, fields, shown, Knock(address_of(request)))
    except NotGranted as refused:
        return refusal(refused)
    granted = ServiceToken(
        access_token=opened.token,
        token_type="Bearer",  # noqa: S106  # the kind of token
        expires_in=int(LIFETIME.total_seconds()),
        scope=" ".join(scopes),
    )
    return JSONResponse(granted.model_dump(), headers=NO_STORE)


def refusal(refused: NotGranted) -> JSONResponse:
    told = TokenError(error=refused.error, error_description=refused.why)
    unknown = refused.error == "invalid_client"
    headers = NO_STORE | ({"WWW-Authenticate": 'Basic realm="haetae"'} if unknown else {})
    return JSONResponse(told.model_dump(), 401 if unknown else 400, headers)
