"""What every answer of the gateway says to the browser, and what no request may do to us."""

from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A picture comes from the people we act against: should a browser ever open it as a page, it can do nothing.
PICTURE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the address of a case page is nobody else's business
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",  # no case stays on an official's disk
    "X-Robots-Tag": "noindex, nofollow",
}
TLS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}
MAX_BODY = 256 * 1024  # bytes: the largest form is a verdict with its digests, a few KiB
LARGER = {"/report/status/document": 2 * 1024 * 1024 + MAX_BODY}  # a photograph of a letter of attorney
MultiPartParser.spool_max_size = max(LARGER.values())  # else Starlette writes what is beyond 1 MB to a disk, in clear


class Headers:
    """Adds the security headers to every answer; one that an answer has set itself stays."""

    def __init__(self, app: ASGIApp, tls: bool) -> None:
        self._app, self._headers = app, HEADERS | (TLS_HEADERS if tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class BodyLimit:
    """Stops reading a body that is too large, whatever its Content-Length says; and a form with an encoding of its own,
    which no browser sends: some (punycode) take a second of the processor, some (unicode_escape) make text that is
    none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read, most = 0, LARGER.get(scope.get("path", ""), MAX_BODY)
        kind = RequestHeaders(scope=scope).get("Content-Type", "").lower() if scope["type"] == "http" else ""

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413)
            if kind.startswith("multipart/") and "charset" in kind:
                raise HTTPException(415)
            return message

        await self._app(scope, limited, send)
