"""Each request counts once for whoever makes it, before anything is looked up."""

from starlette.requests import Request

from services.gateway.parts import parts_of
from services.gateway.requests import session_cookie
from services.gateway.routes.knocking import address_of


async def counted(request: Request) -> None:
    """Raises `Problem` 429."""
    if getattr(request.state, "counted", False):
        return
    request.state.counted = True
    parts = parts_of(request)
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else request.cookies.get(session_cookie(parts), "")
    parts.people.rates.count(token, address_of(request))
