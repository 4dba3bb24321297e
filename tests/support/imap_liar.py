"""An IMAP server (RFC 9051) that answers as a test says: what real ones do on a bad day, or a hostile one always."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

COMMAND = re.compile(r"(\S+) (?:UID )?(\S+) ?(.*)")
# What it says to a command, lines without their end; the last one is the tagged answer.
Says = Callable[[str, str], list[str]]
HONEST = {
    "CAPABILITY": ["* CAPABILITY IMAP4rev1", "OK done"],
    "SELECT": ["* 1 EXISTS", "* OK [UIDVALIDITY 7] valid", "OK [READ-WRITE] selected"],
    "EXAMINE": ["* 1 EXISTS", "* OK [UIDVALIDITY 7] valid", "OK [READ-ONLY] selected"],
    "LOGOUT": ["* BYE bye", "OK done"],
}


@asynccontextmanager
async def liar(says: dict[str, list[str] | Says], heard: list[str]) -> AsyncIterator[int]:
    """Its port on 127.0.0.1. `says`: by command, beside what an honest one with one mail says. `heard`: what it was
    told."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode().strip():
            heard.append(line)
            tag, command, rest = COMMAND.fullmatch(line).groups()
            answer = says.get(command, HONEST.get(command, ["OK done"]))
            *before, last = answer(command, rest) if callable(answer) else answer
            writer.write("".join(f"{one}\r\n" for one in (*before, f"{tag} {last}")).encode())
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
