"""What a fetch brings home. A value only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.net.secured import Secured

BEYOND_ASCII = re.compile(r"[\x80-\xff]")


@dataclass(frozen=True)
class Fetched:
    """An answer. `url` was asked for, `final_url` answered; the body is unpacked.

    `headers`: names in lower case, the last of several alike. `raw_headers`: every one as it was sent, so that repeated
    ones (Set-Cookie) survive. `address`: that was connected to; empty when a proxy looked the name up. `cut`: the body
    is only its first `max_bytes` bytes, as asked for. `secured`: the TLS of the connection; None without. `sent`: the
    request's headers, but for Host. `exit`: the proxy that it came through, empty for none.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str
    raw_headers: tuple[tuple[str, str], ...] = ()
    http_version: str = "HTTP/1.1"
    cut: bool = False
    secured: Secured | None = None
    sent: tuple[tuple[str, str], ...] = ()
    exit: str = ""


def location_of(headers: Mapping[str, str]) -> str | None:
    """Where a redirect leads: what is beyond ASCII percent-encoded byte by byte, as browsers do (any charset)."""
    location = headers.get("location")
    return BEYOND_ASCII.sub(lambda byte: f"%{ord(byte[0]):02X}", location) if location else None
