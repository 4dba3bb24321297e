"""The heads of a request and of its answer, as bytes of a WARC record (RFC 9112, 2.1)."""

import re
from collections.abc import Iterable

from warcio.statusandheaders import StatusAndHeaders

from services.evidence.archive.fields import target
from services.evidence.domain import Exchange

# These describe the body as it travelled; the one that is kept is unpacked. Replay tools know the prefix.
ORIGINAL = "X-Archive-Orig-"
TRAVELLING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
# Not httpx, which refuses an address that has grown too long by being percent-encoded; it was asked for all the same.
ASKED = re.compile(r"https?://(?:[^/?#@]*@)?(?P<host>[^/?#]*)(?P<path>[^#]*)")
NO_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")  # RFC 9110, 5.6.2; HTTP/2 lets others through
BREAKS = re.compile(r"[\r\n\0]")  # a recipient that keeps such a value writes spaces instead (RFC 9110, 5.5)


class Head(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """Bytes beyond ASCII stay as they were received; warcio would percent-encode them."""

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self.to_str(header_filter).encode("latin-1", "backslashreplace") + b"\r\n"


def response_head(exchange: Exchange) -> Head:
    """HTTP/2 has no form of its own in a WARC: it is written as 1.1. No answer's reason phrase is kept."""
    received = exchange.raw_headers or tuple(exchange.headers.items())
    kept = [(ORIGINAL + name if name.lower() in TRAVELLING else name, value) for name, value in received]
    fields = writable([*kept, ("content-length", str(len(exchange.body)))])
    return Head(f"{exchange.status} ", fields, protocol="HTTP/1.1")


def request_head(exchange: Exchange) -> Head:
    sent = exchange.sent or tuple(exchange.request_headers.items())
    asked = ASKED.match(target(exchange.url))
    host, path = (asked["host"], asked["path"]) if asked else ("", "")
    line = f"GET {path if path.startswith('/') else '/' + path} HTTP/1.1"
    return Head(line, writable([("Host", host), *sent]), is_http_request=True)


def writable(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What cannot stand in a name becomes `_`, a line break in a value a space: one field stays one field."""
    return [(NO_TOKEN.sub("_", name) or "_", BREAKS.sub(" ", value)) for name, value in fields]
