"""The inbox over HTTP: a small REST interface, and pages to look at."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy.local.mailsink import view
from deploy.local.mailsink.faults import FaultOrder, Faults
from deploy.local.mailsink.imap import AgencyBox
from deploy.local.mailsink.store import MailStore, Stored

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
STYLE = Path(__file__).with_name("inbox.css")


def application(store: MailStore, box: AgencyBox, faults: Faults) -> Starlette:
    inbox = Inbox(store, box, faults)
    routes = [
        Route("/", inbox.page),
        Route("/m/{id:int}", inbox.message_page),
        Route("/inbox.css", inbox.style),
        Route("/favicon.ico", inbox.icon),
        Route("/health", inbox.health),
        Route("/api/messages", inbox.messages, methods=["GET"]),
        Route("/api/messages", inbox.clear, methods=["DELETE"]),
        Route("/api/messages/{id:int}", inbox.message),
        Route("/api/messages/{id:int}/raw", inbox.raw),
        Route("/api/mailboxes", inbox.mailboxes),
        Route("/api/faults", inbox.faults, methods=["GET"]),
        Route("/api/faults", inbox.order_fault, methods=["POST"]),
        Route("/api/faults", inbox.clear_faults, methods=["DELETE"]),
    ]
    # Against DNS rebinding: a page of the web must not read or empty the mailboxes through the user's browser.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


class Inbox:
    def __init__(self, store: MailStore, box: AgencyBox, faults: Faults) -> None:
        self._store, self._box, self._faults = store, box, faults

    async def page(self, request: Request) -> Response:
        mailbox = request.query_params.get("to")
        return html(view.inbox_page(self._store.messages(mailbox), mailbox))

    async def message_page(self, request: Request) -> Response:
        stored = self._stored(request)
        return html(view.message_page(stored)) if stored else missing(request)

    async def style(self, request: Request) -> Response:
        return Response(STYLE.read_bytes(), media_type="text/css", headers=HEADERS)

    async def icon(self, request: Request) -> Response:
        return Response(status_code=204)

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def messages(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            return refused(f"after={after!r}: give the id of a message, a whole number")
        found = self._store.messages(request.query_params.get("to"), int(after))
        return JSONResponse([stored.json() for stored in found])

    async def message(self, request: Request) -> Response:
        stored = self._stored(request)
        return JSONResponse(stored.json()) if stored else missing(request)

    async def raw(self, request: Request) -> Response:
        """The bytes as they came in."""
        stored = self._stored(request)
        if not stored:
            return missing(request)
        return Response(stored.file.read_bytes(), media_type="message/rfc822", headers=HEADERS)

    async def mailboxes(self, request: Request) -> Response:
        return JSONResponse([{"address": box, "messages": count} for box, count in self._store.mailboxes().items()])

    async def clear(self, request: Request) -> Response:
        self._box.clear()
        return JSONResponse({"removed": self._store.clear()})

    async def faults(self, request: Request) -> Response:
        return JSONResponse(self._faults.state())

    async def order_fault(self, request: Request) -> Response:
        try:
            self._faults.order(FaultOrder.model_validate(await request.json()))
        except json.JSONDecodeError as error:
            return refused(f"the body is not JSON: {error}")
        except ValidationError as error:
            return refused("; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()))
        return JSONResponse(self._faults.state())

    async def clear_faults(self, request: Request) -> Response:
        self._faults.clear()
        return JSONResponse(self._faults.state())

    def _stored(self, request: Request) -> Stored | None:
        return self._store.message(request.path_params["id"])


def html(text: str) -> Response:
    return HTMLResponse(text, headers=HEADERS)


def refused(why: str) -> Response:
    return JSONResponse({"error": why}, status_code=422)


def missing(request: Request) -> Response:
    return JSONResponse({"error": f"no message {request.path_params['id']}"}, status_code=404)
