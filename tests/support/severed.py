"""A link in front of a server that other tests use as well: it can be cut, stand still, and be there again."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing is a reset


class Link:
    """Listens on 127.0.0.1:`port` for the server at `host`:`server_port`."""

    def __init__(self, host: str, server_port: int) -> None:
        self._host, self._server_port = host, server_port
        self._flows, self._cut = asyncio.Event(), False
        self._flows.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._last_words: tuple[bytes, ...] = ()
        self.port = 0

    def cut(self) -> None:
        """Connections are reset, and so is each new one."""
        self._cut = True
        for end in self._ends:
            _reset(end)

    def halt(self) -> None:
        """Nothing comes through, and nobody is told; what was sent meanwhile arrives once it is mended."""
        self._flows.clear()

    def cut_after(self, words: bytes, of: bytes) -> None:
        """The next request with these words, on a connection that carried those `of`, reaches the server; its answer
        does not come back: everything is cut."""
        self._last_words = (of, words)

    @property
    def away(self) -> bool:
        return self._cut or not self._flows.is_set()

    def mend(self) -> None:
        self._cut = False
        self._flows.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            _reset(writer)
            return
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(self._host, self._server_port)
            ends = {writer, far_writer}
            self._ends |= ends
            last = asyncio.Event()
            try:
                with closing(writer), closing(far_writer):
                    await asyncio.gather(self._ask(reader, far_writer, last), self._answer(far_reader, writer, last))
            finally:
                self._ends -= ends

    async def _ask(self, client: asyncio.StreamReader, server: asyncio.StreamWriter, last: asyncio.Event) -> None:
        said = 0  # of the last words, on this connection
        async for data in self._flowing(client, server):
            while said < len(self._last_words) and self._last_words[said] in data:
                said += 1
            if self._last_words and said == len(self._last_words):
                self._last_words = ()
                last.set()
            server.write(data)

    async def _answer(self, server: asyncio.StreamReader, client: asyncio.StreamWriter, last: asyncio.Event) -> None:
        async for data in self._flowing(server, client):
            if last.is_set():
                self.cut()
            else:
                client.write(data)

    async def _flowing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
        """What comes from the one is to go to the other; how the one ends, so does the other."""
        try:
            while data := await reader.read(65536):
                await self._flows.wait()
                yield data
                await writer.drain()
            writer.write_eof()
        except OSError:
            _reset(writer)


def _reset(end: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    end.transport.abort()


@asynccontextmanager
async def link(host: str, port: int) -> AsyncIterator[Link]:
    made = Link(host, port)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
        made.cut()
