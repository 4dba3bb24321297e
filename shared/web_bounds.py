"""How many connections are open, how much of a request is read besides its body, and for how long it may come: uvicorn
itself would go on for ever.

The bytes of a body are the application's to count (`services/gateway/security.py`).
"""

import asyncio
import resource

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 32 * 1024  # bytes: address, headers, trailers, the frames of chunks; in memory ten times as many
HEAD_SECONDS = 20.0  # from the connection, or the head's first byte, until all of it is there
BODY_SECONDS = 120.0  # until the body is there: the largest, on a telephone in the country, takes a minute
KEPT_FILES = 256  # of those that a process may open: for its database, broker and store, whoever comes to its door
FULL = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def most_connections() -> int:
    """Open at once: what the process may open (`ulimit -n`), less what it needs itself, but half of it at least."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(files - KEPT_FILES, files // 2)


class Bounded(HttpToolsProtocol):
    """Answers 503 where too many are connected and 400 to a head that is too long, and closes what comes too slowly. An
    answer may take any time."""

    _besides = 0
    _too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.write(FULL)
            transport.close()
            return
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._besides += len(data)
        super().data_received(data)
        if self._besides > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of this request is too long.")

    def on_message_begin(self) -> None:
        self._wait(HEAD_SECONDS)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Raises `ValueError` where all of a head that is too long came at once; the parser makes a 400 of it."""
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > MOST_HEAD:
            raise ValueError("head too long")
        self._wait(BODY_SECONDS)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._besides = max(0, self._besides - len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._besides = 0
        self._wait(None)
        super().on_message_complete()

    def _wait(self, seconds: float | None) -> None:
        if self._too_late:
            self._too_late.cancel()
        self._too_late = None if seconds is None else self.loop.call_later(seconds, self._close)

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
