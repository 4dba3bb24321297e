"""One connection, one request at a time: what HTTP/1.1 and HTTP/2 have in common.

A host is asked one request at a time anyhow, so HTTP/2's many at once would gain nothing.
"""

import asyncio
from abc import abstractmethod
from dataclasses import dataclass

from shared.net.asked import Answer, Asked
from shared.net.failures import Fault, FetchFailed
from shared.net.secured import secured

MAX_HEADERS = 256  # servers send a dozen or two
MAX_HEADER_BYTES = 64 * 1024  # browsers give up at 256 KiB; the longest honest security policies have 10 KiB
MAX_INTERIM = 8  # answers before the answer (1xx): there is sense in two (100, 103)
# Pieces of a body that cost more to take than they bring: beyond so many, they must bring so much on average.
MANY_PIECES, LEAST_PIECE = 10_000, 16
MAX_WRAPPING = 512 * 1024  # bytes that are not body (chunk sizes, trailers, frames), beyond as many as are body
MAX_UNASKED = 16 * 1024  # bytes between two answers: HTTP/2's settings, pings and good-byes take dozens


class Unanswered(FetchFailed):
    """The request was not taken, or the connection ended before a byte of the answer: if it was a kept one, the server
    had merely done with it."""


@dataclass(frozen=True)
class Pace:
    """The slowest that an answer may come: `bytes_per_s` on average, counted from its first byte, after `grace_s`."""

    grace_s: float
    bytes_per_s: float


class Wire(asyncio.Protocol):
    """`await wire.ask(asked)`; then, while it is `usable`, the next one. Raises `FetchFailed`."""

    http_version: str

    def __init__(self, transport: asyncio.Transport, address: str, pace: Pace) -> None:
        self._transport, self._address, self._pace = transport, address, pace
        self._secured = secured(transport.get_extra_info("ssl_object"))
        self.idle_since = 0.0
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[Answer] | None = None
        self._unasked = 0
        self._lasting = True  # the other side has not said that it will close

    @property
    def usable(self) -> bool:
        return self._lasting and not self._transport.is_closing()

    async def ask(self, asked: Asked) -> Answer:
        if not self.usable:
            raise Unanswered(f"{asked.url}: the connection ended before the request")
        self._asked, self._waiting = asked, self._loop.create_future()
        self._received = self._size = self._status = self._interim = self._header_bytes = self._unasked = 0
        self._headers: list[tuple[str, str]] = []
        self._pieces: list[bytes] = []
        try:
            self._send(asked)
            return await self._waiting
        except BaseException:
            self.close()
            raise
        finally:
            self._waiting = None
            self._pieces = []

    def close(self) -> None:
        self._lasting = False
        self._transport.abort()

    @abstractmethod
    def _send(self, asked: Asked) -> None:
        """Raises `Unanswered` when the connection takes no further request."""

    @abstractmethod
    def _read(self, data: bytes) -> None:
        """Take what came, also when nothing was asked for: `_header`, `_interim_answer`, `_piece`, `_end`, `_fail`."""

    @abstractmethod
    def _ends_with_connection(self) -> bool:
        """Whether the end of the connection is the end of the answer that is under way."""

    # What the transport calls.

    def data_received(self, data: bytes) -> None:
        if not self._under_way():
            self._unasked += len(data)
            if self._unasked > MAX_UNASKED:
                self.close()
            else:
                self._read(data)
            return
        now = self._loop.time()
        if not self._received:
            self._since = now
        self._received += len(data)
        self._read(data)
        if self._received > 2 * self._size + MAX_WRAPPING:
            self._fail(Fault.PROTOCOL, "more wrapping than body")
        elapsed_s = now - self._since
        if elapsed_s > self._pace.grace_s and self._received < self._pace.bytes_per_s * elapsed_s:
            self._fail(Fault.SLOW, f"{self._received} bytes in {elapsed_s:.1f} s are too slow")

    def connection_lost(self, exc: Exception | None) -> None:
        self._lasting = False
        because = f" ({exc})" if exc else ""
        if not self._under_way():
            return
        if not self._received:
            failure = Unanswered(f"{self._asked.url}: the connection ended without an answer{because}")
            self._settle(failure)
        elif exc is None and self._ends_with_connection():
            self._end()
        else:
            self._fail(Fault.TRUNCATED, f"the connection broke within the answer{because}")

    # What the subclasses call. All of it does nothing when no answer is under way.

    def _under_way(self) -> bool:
        return self._waiting is not None and not self._waiting.done()

    def _header(self, name: str, value: str) -> None:
        self._header_bytes += len(name) + len(value)
        if len(self._headers) >= MAX_HEADERS:
            self._fail(Fault.HEADERS, f"more than {MAX_HEADERS} headers")
        elif self._header_bytes > MAX_HEADER_BYTES:
            self._fail(Fault.HEADERS, f"more than {MAX_HEADER_BYTES} bytes of headers")
        else:
            self._headers.append((name, value))

    def _interim_answer(self) -> None:
        self._interim += 1
        self._headers.clear()
        if self._interim > MAX_INTERIM:
            self._fail(Fault.PROTOCOL, f"more than {MAX_INTERIM} interim answers")

    def _piece(self, data: bytes) -> None:
        self._size += len(data)
        self._pieces.append(data)
        if self._size > self._asked.limit:
            self._end(ended=False)
        elif len(self._pieces) > MANY_PIECES and self._size < LEAST_PIECE * len(self._pieces):
            self._fail(Fault.PROTOCOL, "the body comes in crumbs")

    def _end(self, ended: bool = True) -> None:
        body, self._pieces = b"".join(self._pieces), []
        answer = Answer(
            self._status, tuple(self._headers), body, ended, self.http_version, self._address, self._secured
        )
        self._settle(answer)
        if not ended:
            self.close()

    def _fail(self, fault: Fault, what: str) -> None:
        if self._under_way():
            self._settle(FetchFailed(f"{self._asked.url}: {what}", fault))
        self.close()

    def _settle(self, result: Answer | FetchFailed) -> None:
        if self._waiting is None or self._waiting.done():
            return
        if isinstance(result, FetchFailed):
            self._waiting.set_exception(result)
        else:
            self._waiting.set_result(result)
