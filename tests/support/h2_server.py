"""An HTTP/2 server that answers with what it was told, honestly or not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

# Given the connection and the stream: sends what it likes.
Answer = Callable[[H2Connection, int], None]


@dataclass
class H2Server:
    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0
    transports: set[asyncio.Transport] = field(default_factory=set)

    @property
    def open(self) -> int:
        return len(self.transports)

    def say(self, data: bytes) -> None:
        """To everybody who is connected."""
        for transport in self.transports:
            transport.write(data)


def page(body: bytes, *headers: tuple[str, str], status: str = "200") -> Answer:
    def answer(connection: H2Connection, stream: int) -> None:
        connection.send_headers(stream, [(":status", status), *headers])
        step = connection.max_outbound_frame_size
        for start in range(0, len(body), step):
            connection.send_data(stream, body[start : start + step])
        connection.end_stream(stream)

    return answer


class _Peer(asyncio.Protocol):
    def __init__(self, server: H2Server) -> None:
        self._server = server
        self._state = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._server.connections += 1
        self._server.transports.add(transport)
        self._transport = transport
        self._state.initiate_connection()
        self._transport.write(self._state.data_to_send())

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        for event in self._state.receive_data(data):
            if isinstance(event, RequestReceived):
                request = {str(name): str(value) for name, value in event.headers}
                self._server.requests.append(request)
                self._server.answers[request[":path"]](self._state, event.stream_id)
        self._transport.write(self._state.data_to_send())


@asynccontextmanager
async def h2_server(tls: ssl.SSLContext, address: str = "127.78.0.1") -> AsyncIterator[H2Server]:
    made = H2Server()
    listening = await asyncio.get_running_loop().create_server(lambda: _Peer(made), address, 0, ssl=tls)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
