"""Hostile servers for the whole crawler: hosts on one port, each bad in its own way, and what must come of it.

`Case.outcome`: a pattern of the name that the frontier's `problem` begins with; "" where nothing is wrong.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

ADDRESS = "127.88.0.1"
TEXT = "The lantern parcel waits at gate seven, and the gardener knows where the second ladder stands."

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """A host `<name>.hostile.test` and how it answers. `told`: whether its front page becomes content
    (None: it may).

    `says`: what the content's text has to hold. `pictures`: how many of its pictures are described.
    `start`: another start address than its front page.
    """

    name: str
    answers: Mapping[str, Answer]
    outcome: str = ""
    told: bool | None = False
    says: str = ""
    pictures: int | None = None
    start: str = ""

    @property
    def host(self) -> str:
        return f"{self.name}.hostile.test"

    def url(self, port: int) -> str:
        return self.start or f"http://{self.host}:{port}/"


def http(body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def page(body: str = f"<p>{TEXT}</p>", head: str = "<title>Lanterns</title>") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def redirect(to: str) -> bytes:
    return http(b"", f"Location: {to}", status="302 Found")


def front(answer: Answer) -> dict[str, Answer]:
    return {"/": answer}


def robots(answer: Answer) -> dict[str, Answer]:
    """Hostile by its robots.txt; the page behind it is an ordinary one."""
    return {"/robots.txt": answer, "/": http(page())}


def endless(begin: bytes, again: bytes, every_s: float = 0.0) -> Answer:
    """Sends `again` until nobody listens any more."""

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while not writer.is_closing():
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(every_s)

    return send


def broken_off(begin: bytes) -> Answer:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        await writer.drain()
        writer.close()

    return send


async def silent(writer: asyncio.StreamWriter) -> None:
    """Takes the request, and says nothing."""
    await asyncio.Event().wait()


async def reset(writer: asyncio.StreamWriter) -> None:
    transport = writer.transport
    transport.abort()


@dataclass
class Hosts:
    port: int
    cases: dict[str, Case] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    open: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.open.add(task)
        try:
            while not writer.is_closing():
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path, host = request.split(" ")[1], _host(request)
                self.asked[host] += 1
                await self._answer(host, path, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the crawler has gone, or the test is over
        finally:
            self.open.discard(task)
            writer.close()

    async def _answer(self, host: str, path: str, writer: asyncio.StreamWriter) -> None:
        case = self.cases.get(host)
        answers = case.answers if case else {}
        known = answers.get(path) or answers.get("*") or http(b"none", status="404 Not Found", kind="text/plain")
        if path == "/robots.txt" and path not in answers:
            known = http(b"none", status="404 Not Found", kind="text/plain")
        if callable(known):
            await known(writer)
        else:
            writer.write(known)
            await writer.drain()


def _host(request: str) -> str:
    named = next((line for line in request.split("\r\n") if line.lower().startswith("host:")), "")
    return named[5:].strip().partition(":")[0]


@asynccontextmanager
async def hostile_hosts() -> AsyncIterator[Hosts]:
    """Without hosts yet: `cases[case.host] = case` adds one. They may name the port."""
    made: list[Hosts] = []
    listening = await asyncio.start_server(lambda *streams: made[0].serve(*streams), ADDRESS, 0, limit=2**20)
    made.append(Hosts(listening.sockets[0].getsockname()[1]))
    try:
        yield made[0]
    finally:
        listening.close()
        for task in list(made[0].open):
            task.cancel()
