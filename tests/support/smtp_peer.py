"""A mail server that does as a test says, and remembers each line: for what aiosmtpd cannot be made to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

SILENCE = "-"
# Takes the verb; the answer, "" for the end of the connection, SILENCE for no answer, None for the usual one.
Says = Callable[[str], str | None]
USUAL = {"DATA": "354 go on", "QUIT": "221 bye", ".": "250 2.0.0 queued"}


class SmtpPeer:
    """`lines`: what each connection said, in order. `mails`: what came after each DATA."""

    def __init__(self, offers: tuple[str, ...], says: Says) -> None:
        self.lines: list[list[str]] = []
        self.mails: list[bytes] = []
        self.port = 0
        self._offers, self._says = offers, says
        self._writers: set[asyncio.StreamWriter] = set()

    def hang_up(self) -> None:
        """All connections, as a server that restarts."""
        for writer in self._writers:
            writer.close()

    @property
    def open(self) -> int:
        return len(self._writers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said: list[str] = []
        self.lines.append(said)
        self._writers.add(writer)
        try:
            writer.write(b"220 peer.test\r\n")
            while line := await reader.readline():
                said.append(line.decode().rstrip("\r\n"))
                verb = said[-1].partition(" ")[0].partition(":")[0].upper()
                if not await self._answer(verb, writer):
                    return
                if verb == "DATA" and self._says("DATA") is None:
                    self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                    if not await self._answer(".", writer):
                        return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, verb: str, writer: asyncio.StreamWriter) -> bool:
        answer = self._says(verb)
        if answer is None and verb == "EHLO":
            lines = ("peer.test", *self._offers)
            answer = "\r\n".join(f"250{' ' if one == lines[-1] else '-'}{one}" for one in lines)
        elif answer is None:
            answer = USUAL.get(verb, "250 2.0.0 OK")
        if answer and answer != SILENCE:
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
        return bool(answer)


@asynccontextmanager
async def smtp_peer(*offers: str, says: Says = lambda verb: None) -> AsyncIterator[SmtpPeer]:
    peer = SmtpPeer(offers, says)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        peer.hang_up()
