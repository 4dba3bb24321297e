"""What happens to cases, while it happens: server-sent events for pages and programs."""

from collections.abc import AsyncIterator
from random import Random
from typing import Annotated, Any

from fastapi import APIRouter
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.live.hub import Hub
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import LIVE
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter()
api = APIRouter(prefix="/api")
Reader = Annotated[Visitor, may(Right.READ_CASES)]
HEARTBEAT_S = 15.0  # proxies close what is silent for a minute, browsers notice a lost connection by it
BLOCKED_S = 20.0  # who reads nothing for so long is gone
# A stream ends after about that, and the listener's return asks anew whether it may listen: whoever was logged out or
# lost a right hears nothing more. Spread, so that not all come back at once.
OPEN_S, SPREAD_S = 240.0, 120.0
RETRY = b"retry: 2000\r\n\r\n"  # milliseconds
spread = Random()
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "The events."}
}


@router.get(LIVE[0])
async def live(request: Request, visitor: Reader) -> Response:
    """204 where no hub runs: a browser then asks no more (WHATWG HTML, 9.2.2), and lists are reloaded by hand."""
    return stream(request, visitor) if parts_of(request).live else Response(status_code=204)


@api.get("/live", response_class=EventSourceResponse, responses=STREAM)
async def api_live(request: Request, visitor: Reader) -> EventSourceResponse:
    """Changes of your agency's cases as server-sent events: waiting, gone, claimed, freed, changed; `resync` when you
    were too slow or away too long, and should look anew. `Last-Event-ID` goes on where you were. The stream ends every
    few minutes: come back with it."""
    return stream(request, visitor)


def stream(request: Request, visitor: Visitor) -> EventSourceResponse:
    """Raises `Problem` 503 where no hub runs."""
    hub = parts_of(request).live
    if hub is None:
        raise Problem(503, "away")
    hub.check(visitor.account.login)
    told = events(hub, visitor, request.headers.get("Last-Event-ID"))
    return EventSourceResponse(told, ping=HEARTBEAT_S, send_timeout=BLOCKED_S)


async def events(hub: Hub, visitor: Visitor, last: str | None) -> AsyncIterator[bytes]:
    account = visitor.account
    async with hub.listening(account.agency, account.login, last) as listener:
        yield RETRY
        ends = hub.now() + OPEN_S + spread.random() * SPREAD_S
        while (wire := await listener.take(ends - hub.now())) is not None:
            yield wire
