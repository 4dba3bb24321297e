"""HTTP/1.1 messages: a request parsed from its bytes, a response made ready to be written many times."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import blake2b
from http import HTTPStatus

# A head of 16 KB is what common servers accept; bodies are only the control interface's small JSON.
MAX_HEAD = 16 * 1024
MAX_BODY = 64 * 1024


@dataclass(slots=True)
class Request:
    method: str
    target: str
    host: str
    """The Host header without port, lower case."""
    agent: str
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """`head` has everything but the Date; it ends without the empty line."""

    status: int
    head: bytes
    body: bytes
    etag: str = ""


Handler = Callable[[Request], Response]


def response(status: int, media_type: str, body: bytes, *, last_modified: float | None = None) -> Response:
    """A complete response; successful ones carry a validator made from the body."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {media_type}"]
    etag = ""
    if status == HTTPStatus.OK:
        etag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
        lines.append(f"ETag: {etag}")
    if last_modified is not None:
        lines.append(f"Last-Modified: {formatdate(last_modified, usegmt=True)}")
    lines.append(f"Content-Length: {len(body)}")
    return Response(status, ("\r\n".join(lines) + "\r\n").encode("ascii"), body, etag)


def plain(status: int, text: str) -> Response:
    return response(status, "text/plain; charset=utf-8", text.encode())


class BadRequest(Exception):
    """What is wrong with the request, and the status that says so."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def parse_head(head: bytes) -> tuple[Request, int, bool]:
    """The request (without body), the body's length, and whether the connection stays open. Raises BadRequest."""
    line, _, rest = head.partition(b"\r\n")
    try:
        method, target, version = line.decode("ascii").split(" ")
        headers = _headers(rest.decode("latin-1"))
    except ValueError as fault:
        raise BadRequest(400, f"bad request: {fault}") from None
    if version not in ("HTTP/1.1", "HTTP/1.0") or not target.startswith("/"):
        raise BadRequest(400, "bad request: need METHOD /path HTTP/1.1")
    if "transfer-encoding" in headers:
        raise BadRequest(411, "bad request: send a Content-Length instead of Transfer-Encoding")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY:
        raise BadRequest(413, f"bad request: Content-Length must be 0 to {MAX_BODY}")
    host = headers.get("host", "").partition(":")[0].lower()
    if not host:
        raise BadRequest(400, "bad request: no Host header")
    keep = headers.get("connection", "keep-alive" if version == "HTTP/1.1" else "close").lower() != "close"
    agent, etag = headers.get("user-agent", ""), headers.get("if-none-match", "")
    return Request(method, target, host, agent, etag, b""), int(length), keep


def _headers(text: str) -> dict[str, str]:
    """Header fields by lower-case name. ValueError for a line without a colon or a doubled Host or length."""
    headers: dict[str, str] = {}
    for line in text.split("\r\n") if text else ():
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or not name or name != name.strip():
            raise ValueError("a header line needs `Name: value`")
        if key in headers and key in ("host", "content-length"):
            raise ValueError(f"{key} twice")
        headers[key] = value.strip()
    return headers
