"""The authorities over HTTP (RFC 3161 3.4): `POST /NAME`; for tests `POST /faults/NAME` with the fault's name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.local.authorities.answering import Refused, asked, granted, rejected
from deploy.local.authorities.faults import HUGE_BYTES, OF_HTTP, Fault, faulty
from deploy.local.authorities.issuing import Signer

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
LONGEST_QUERY = 4096  # a request is about 60 bytes
SLOW_SECONDS, SLOW_POLL = 60.0, 0.1


@dataclass
class Authority:
    """`signer` may be exchanged, as an authority does when its certificate grows old."""

    signer: Signer
    fault: Fault | None = None
    asked: int = 0


class Authorities:
    def __init__(self, by_name: Mapping[str, Authority], now: Callable[[], datetime]) -> None:
        self._by_name, self._now = by_name, now

    def application(self) -> Starlette:
        routes = [
            Route("/health", self.health),
            Route("/faults/{name}", self.order_fault, methods=["POST"]),
            Route("/{name}", self.stamp, methods=["POST"]),
        ]
        # Against DNS rebinding: no page of the web asks for stamps through a browser of this machine.
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        return Starlette(routes=routes, middleware=[hosts])

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def order_fault(self, request: Request) -> Response:
        """The body is the fault's name; empty for a good day."""
        authority = self._by_name.get(request.path_params["name"])
        wanted = (await request.body()).decode("ascii", "replace").strip()
        if authority is None or (wanted and wanted not in list(Fault)):
            return PlainTextResponse(f"no such authority, or none of {', '.join(Fault)}", 422)
        authority.fault = Fault(wanted) if wanted else None
        return PlainTextResponse(wanted)

    async def stamp(self, request: Request) -> Response:
        authority = self._by_name.get(request.path_params["name"])
        if authority is None:
            return PlainTextResponse(f"here are {', '.join(self._by_name)}", 404)
        if request.headers.get("content-type") != QUERY:
            return PlainTextResponse(f"send {QUERY}", 415)
        if int(request.headers.get("content-length", LONGEST_QUERY + 1)) > LONGEST_QUERY:
            return PlainTextResponse(f"a request is shorter than {LONGEST_QUERY} bytes", 413)
        authority.asked += 1
        answer = self._answer(authority, await request.body())
        if authority.fault in OF_HTTP:
            return await of_http(authority.fault, answer, request)
        return Response(answer, media_type=REPLY)

    def _answer(self, authority: Authority, data: bytes) -> bytes:
        try:
            request = asked(data)
        except Refused as refusal:
            return rejected(refusal)
        if authority.fault and authority.fault not in OF_HTTP:
            return faulty(authority.fault, request, authority.signer, self._now())
        return granted(request, authority.signer, self._now())


async def of_http(fault: Fault | None, answer: bytes, request: Request) -> Response:
    match fault:
        case Fault.DOWN:
            return PlainTextResponse("no service today", 503)
        case Fault.REDIRECT:
            return RedirectResponse("http://127.0.0.1:1/elsewhere", 307)
        case Fault.HTML:
            return Response("<p>please sign in</p>", media_type="text/html")
        case Fault.GARBAGE:
            return Response(b"0" * len(answer), media_type=REPLY)
        case Fault.CUT:
            return Response(answer[:-1], media_type=REPLY)
        case Fault.HUGE:
            return Response(answer + bytes(HUGE_BYTES), media_type=REPLY)
    for _ in range(round(SLOW_SECONDS / SLOW_POLL)):
        if await request.is_disconnected():
            break
        await asyncio.sleep(SLOW_POLL)
    return Response(answer, media_type=REPLY)
