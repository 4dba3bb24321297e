"""A request with an `Idempotency-Key` is carried out once (draft-ietf-httpapi-idempotency-key-header-07).

The answer to what was done (2xx) is kept for its account and given again. A refusal changed nothing: its key is free.
Without an account nothing is kept, for nobody could be told from a stranger who has seen the key.
"""

from uuid import UUID

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.answers import API, plain
from services.gateway.api.held_back import HeldBack
from services.gateway.api.kept import Asked, Begun, KeptAnswer, begin, give_back, keep
from services.gateway.api.keys import HEADER, fingerprint, parse_key
from services.gateway.api.secrets import holds_secret
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import recognised
from services.gateway.routes.counted import counted
from services.gateway.tokens import digest
from shared.failures import Transient

METHODS = ("POST",)  # the others are idempotent by themselves (RFC 9110, 9.2.2); the API has no PATCH
KEPT_HEADERS = ("Content-Type", "Location", "Link", "ETag")
REPLAYED = "Idempotency-Replayed"
MOST = 1024 * 1024  # bytes of a kept answer: a case with many notices is some 200 KiB


class Idempotent:
    """Inside the application, so that the parts are known; around its routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in METHODS or not scope["path"].startswith(API):
            return await self._app(scope, receive, send)
        keys = Headers(scope=scope).getlist(HEADER)
        if not keys:
            return await self._app(scope, receive, send)
        request = Request(scope, receive)
        try:
            await counted(request)  # what is only told again counts too
            answer = await self._once(request, ", ".join(keys), send)  # several are no key (RFC 9110, 5.3)
        except Problem as problem:
            answer = plain(request, problem)
        except HTTPException as error:  # the limit of bodies, while we read it
            answer = plain(request, Problem(error.status_code, "too-large"))
        except Transient:
            answer = plain(request, Problem(503, "away"))
        if answer is not None:
            await answer(scope, receive, send)

    async def _once(self, request: Request, key: str, send: Send) -> Response | None:
        """The answer that was kept; None when the request was carried out and answered now."""
        parsed = parse_key(key)
        body = await request.body()
        visitor = await recognised(request)
        if visitor is None:
            await self._app(request.scope, _again(body, request.receive), send)
            return None
        asked = Asked(visitor.account.login, digest(parsed), _fingerprint(request, body))
        async with parts_of(request).database.transaction() as tx:
            begun = await begin(tx, asked)
        if isinstance(begun, KeptAnswer):
            return _replayed(begun)
        await self._carry_out(request, body, begun, send)
        return None

    async def _carry_out(self, request: Request, body: bytes, begun: Begun, send: Send) -> None:
        """The answer is kept before it goes out: what somebody heard is what they hear again."""
        held, database = HeldBack(send), parts_of(request).database
        try:
            await self._app(request.scope, _again(body, request.receive), held)
        except Exception:
            async with database.transaction() as tx:
                await give_back(tx, begun)
            raise
        done = 200 <= held.status < 300
        async with database.transaction() as tx:
            if held.whole and not done:
                await give_back(tx, begun)
            else:
                await keep(tx, begun, *_kept(request.scope, held))
        await held.release()


def _fingerprint(request: Request, body: bytes) -> str:
    url, media = request.url, request.headers.get("Content-Type", "")
    return fingerprint((request.method.encode(), f"{url.path}?{url.query}".encode(), media.encode(), body))


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read already, once more; then whatever comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return messages.pop() if messages else await receive()

    return read


def _kept(scope: Scope, held: HeldBack) -> tuple[UUID | None, int, dict[str, str], bytes | None]:
    """About which case, status, headers and body. What streamed is gone; what holds a secret stays nowhere."""
    case_id = scope.get("path_params", {}).get("case_id")
    headers = {name: held.headers[name] for name in KEPT_HEADERS if name in held.headers}
    body = held.body if held.whole and len(held.body) <= MOST and not holds_secret(scope) else None
    return (UUID(str(case_id)) if case_id else None), held.status, headers, body


def _replayed(row: KeptAnswer) -> Response:
    return Response(row.body, row.status or 200, {**(row.headers or {}), REPLAYED: "true"})
