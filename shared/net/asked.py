"""What is asked for on a connection, and what comes back. Values only."""

from dataclasses import dataclass
from typing import NamedTuple

from shared.net.secured import Secured

NO_HEADER_HAS = frozenset("\r\n\0")  # they would end the header and begin another one (RFC 9112, 11.1)


class Origin(NamedTuple):
    """Whom a connection leads to, and by which exit: what may share a connection."""

    scheme: str
    host: str
    port: int
    exit: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A GET. `authority` and `path` as they stand on the wire; `limit`: bytes of the body, packed, that are read.

    `whole`: a body known to be larger need not be begun. Raises `ValueError` for a header that cannot be sent.
    """

    url: str
    origin: Origin
    authority: str
    path: str
    headers: tuple[tuple[str, str], ...]
    limit: int
    whole: bool = True

    def __post_init__(self) -> None:
        for name, value in self.headers:
            if not name.isascii() or not NO_HEADER_HAS.isdisjoint(name + value):
                raise ValueError(f"header {name!r} holds a line break or a NUL, or its name is not ASCII: leave it out")
            if not value.isascii() and max(value) > "\xff":
                raise ValueError(f"header {name!r} holds characters beyond Latin-1: percent-encode them")


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is still packed. `ended`: it came to its end; otherwise there is more of it than was asked for."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    ended: bool
    http_version: str
    address: str = ""
    secured: Secured | None = None
