"""What a capture is made of, and what its failures mean (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from haetae_verify.canonical import digest
from services.evidence.capture.boxes import UNKNOWN, Boxes
from shared.events.values import SealedObject, Sha256
from shared.net import Secured

MAX_HEIGHT = 4_000  # five screens: a post and its replies; a page that never ends must end somewhere
GONE = frozenset({404, 410, 451})
MAX_TEXT = 4_096  # characters of a URL or reason
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class PageFailed(Exception):
    """The page could not be captured this time; another try may succeed."""


class PageGone(PageFailed):
    """The page answered, and the answer is that there is nothing to capture."""


class Attempt(NamedTuple):
    wait_s: float
    scripts: bool


# Two tries as a browser of our time would, then one without scripts: a script that hangs or kills the page must not
# keep it from being preserved. The waits outlast a restarting web server, yet a page that is up is sealed at once.
ATTEMPTS = (Attempt(0.0, True), Attempt(1.0, True), Attempt(3.0, False))


@dataclass(frozen=True)
class Exchange:
    """One request that was answered. Header names are lower-case; the body is unpacked.

    `sent` and `raw_headers`: the headers as they went over the wire, repeated ones included (`request_headers` and
    `headers` have the last of several alike). `cut`: only the body's beginning was taken.
    """

    url: str
    status: int
    request_headers: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str  # the IP address that was connected to
    at: datetime
    secured: Secured | None = None  # the TLS of the connection; None without
    sent: tuple[tuple[str, str], ...] = ()
    raw_headers: tuple[tuple[str, str], ...] = ()
    http_version: str = "HTTP/1.1"
    cut: bool = False

    @property
    def sha256(self) -> Sha256:
        return digest(self.body)


@dataclass(frozen=True)
class Refusal:
    """One request that was not made, or not answered, and why."""

    url: str
    reason: str


@dataclass(frozen=True)
class Rendering:
    """What the browser showed. `html` is the document after its scripts ran. `screenshot`: a JPEG of the whole page,
    `visible`: of what fits one screen, both `WIDTH` wide; `height`: of the first, in pixels."""

    final_url: str
    html: str
    text: str
    screenshot: bytes
    browser: str
    user_agent: str
    title: str = ""
    visible: bytes = b""
    height: int = 0
    boxes: Boxes = UNKNOWN


@dataclass(frozen=True)
class File:
    name: str
    data: bytes = field(repr=False)
    media_type: str
    content: bool = True  # shows some of what the page showed: never kept in hash-only mode

    def sealed(self) -> SealedObject:
        return SealedObject(name=self.name, sha256=digest(self.data), bytes=len(self.data), media_type=self.media_type)


def check_status(document: Exchange) -> None:
    """Raises `PageGone` or `PageFailed` for an answer that is not the page."""
    if document.status in GONE:
        raise PageGone(f"{document.url} answers {document.status}: the page is gone")
    if document.status in PASSING:
        raise PageFailed(f"{document.url} answers {document.status}")
    if document.status >= 400:
        raise PageGone(f"{document.url} answers {document.status}: the page is not shown to us")


def clean(text: str) -> str:
    """Text of the world as UTF-8, JSON and PostgreSQL can hold it: no half surrogates, no NUL, no end in sight."""
    return text[:MAX_TEXT].encode(errors="replace").decode().replace("\0", "")
