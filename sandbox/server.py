"""A small fast HTTP/1.1 server on asyncio: keep-alive, pipelining, whole requests in, ready bytes out."""

import asyncio
import socket
import time
from dataclasses import dataclass, field
from email.utils import formatdate

from sandbox.http import MAX_HEAD, BadRequest, Handler, Response, parse_head, plain

# Idle connections are closed after this long, as real servers do.
IDLE_S = 60.0


@dataclass(slots=True)
class _Clock:
    """The Date header, made once a second."""

    second: int = 0
    line: bytes = b""

    def date_line(self) -> bytes:
        now = int(time.time())
        if now != self.second:
            self.second, self.line = now, f"Date: {formatdate(now, usegmt=True)}\r\n\r\n".encode()
        return self.line


_clock = _Clock()


@dataclass(slots=True, eq=False)
class _Connection(asyncio.Protocol):
    handler: Handler
    open: set["_Connection"]
    transport: asyncio.Transport | None = None
    buffer: bytes = b""
    used_at: float = field(default_factory=time.monotonic)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server's transports are
        self.transport = transport
        self.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.discard(self)
        self.transport = None

    def pause_writing(self) -> None:
        """A client that asks but does not read gets no further requests read."""
        if self.transport:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.transport:
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self.used_at = time.monotonic()
        self.buffer = self.buffer + data if self.buffer else data
        try:
            while self.buffer and self.transport and self._answer_one():
                pass
        except BadRequest as fault:
            self._send(plain(fault.status, f"{fault}\n"), keep=False, head_only=False)

    def _answer_one(self) -> bool:
        """Answer the first whole request in the buffer. False when it is not there yet."""
        end = self.buffer.find(b"\r\n\r\n")
        if end > MAX_HEAD or (end < 0 and len(self.buffer) > MAX_HEAD):
            raise BadRequest(431, f"bad request: the head must stay under {MAX_HEAD} bytes")
        if end < 0:
            return False
        request, length, keep = parse_head(self.buffer[:end])
        if len(self.buffer) < end + 4 + length:
            return False
        request.body = self.buffer[end + 4 : end + 4 + length]
        self.buffer = self.buffer[end + 4 + length :]
        answer = self.handler(request)
        if answer.etag and request.etag and answer.etag in request.etag:
            answer = Response(304, f"HTTP/1.1 304 Not Modified\r\nETag: {answer.etag}\r\n".encode(), b"")
        self._send(answer, keep=keep, head_only=request.method == "HEAD")
        return True

    def _send(self, answer: Response, *, keep: bool, head_only: bool) -> None:
        if self.transport is None:
            return
        closing = b"" if keep else b"Connection: close\r\n"
        body = b"" if head_only else answer.body
        self.transport.write(answer.head + closing + _clock.date_line() + body)
        if not keep:
            self.buffer = b""
            self.transport.close()


class Server:
    """Listens on loopback addresses until `close`."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[_Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.TimerHandle | None = None

    async def listen(self, sockets: list[socket.socket]) -> None:
        loop = asyncio.get_running_loop()
        for each in sockets:
            server = await loop.create_server(lambda: _Connection(self._handler, self._connections), sock=each)
            self._servers.append(server)
        self._close_idle()

    def _close_idle(self) -> None:
        before = time.monotonic() - IDLE_S
        for connection in [c for c in self._connections if c.used_at < before]:
            if connection.transport:
                connection.transport.close()
        self._sweep = asyncio.get_running_loop().call_later(IDLE_S / 4, self._close_idle)

    async def close(self) -> None:
        if self._sweep:
            self._sweep.cancel()
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            if connection.transport:
                connection.transport.abort()
