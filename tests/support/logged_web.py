"""Several web hosts on one port, that write down what they saw: who asked when, and when the answer had left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

ADDRESS = "127.81.0.1"

Pages = Mapping[str, Mapping[str, bytes]]


@dataclass(frozen=True)
class Seen:
    """`begun`: the request was there. `ended`: the whole answer had left. Seconds of the monotonic clock."""

    host: str
    path: str
    agent: str
    begun: float
    ended: float


@dataclass
class LoggedWeb:
    """`pages[host][path]` is the answer as it goes over the wire; anything else is a 404."""

    pages: Pages
    port: int
    hosts_file: Path
    seen: list[Seen] = field(default_factory=list)

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.port}{path}"

    def asked(self, agent: str) -> int:
        return sum(agent in one.agent for one in self.seen)

    def gaps(self) -> Iterator[tuple[Seen, float]]:
        """Each request to a host after its first, with the seconds since the answer before it had left."""
        last: dict[str, float] = {}
        for one in sorted(self.seen, key=lambda one: one.begun):
            if one.host in last:
                yield one, one.begun - last[one.host]
            last[one.host] = max(one.ended, last.get(one.host, 0.0))

    def answer(self, host: str, path: str) -> bytes:
        return self.pages.get(host, {}).get(path) or answer(b"none", status="404 Not Found", kind="text/plain")


class _Connection(asyncio.Protocol):
    def __init__(self, web: LoggedWeb) -> None:
        self._web, self._data = web, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        begun = time.monotonic()
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, self._data = self._data.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            host, path = fields["host"].partition(":")[0], first.split(" ")[1]
            self._transport.write(self._web.answer(host, path))
            self._web.seen.append(Seen(host, path, fields.get("user-agent", ""), begun, time.monotonic()))


def answer(body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def logged_web(home: Path, make: Callable[[int], Pages]) -> AsyncIterator[LoggedWeb]:
    """`make(port)` gives the pages, which name the port."""
    made: list[LoggedWeb] = []
    listening = await asyncio.get_running_loop().create_server(lambda: _Connection(made[0]), ADDRESS, 0)
    port = listening.sockets[0].getsockname()[1]
    web = LoggedWeb(make(port), port, home / "hosts")
    made.append(web)
    web.hosts_file.write_text("".join(f"{ADDRESS} {host}\n" for host in web.pages))
    try:
        yield web
    finally:
        listening.close()
