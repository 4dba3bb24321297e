"""Proxies that write down what they were asked for: SOCKS5 (RFC 1928, 1929) and HTTP CONNECT (RFC 9110, 9.3.6)."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field


@dataclass
class ProxyPeer:
    """`asked`: (address or name, port) of each connection. Names lead to `leads_to`, and a
    port to where `ports` says. `refuses`: answer with that."""

    leads_to: str = "127.78.0.1"
    login: tuple[str, str] | None = None
    refuses: int | None = None
    port: int = 0
    ports: dict[int, int] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
            _, count = await reader.readexactly(2)
            methods = await reader.readexactly(count)
            if not await self._logged_in(methods, reader, writer):
                return
            host, port = await _socks_request(reader)
            self.asked.append((host, port))
            if self.refuses is not None:
                writer.write(bytes([5, self.refuses, 0, 1, 0, 0, 0, 0, 0, 0]))
                return
            await self._relay(host, port, bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]), reader, writer)

    async def _logged_in(self, methods: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if self.login is None:
            writer.write(b"\x05\x00")
            return True
        if 2 not in methods:
            writer.write(b"\x05\xff")
            return False
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        given = [(await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in range(2)]
        writer.write(b"\x01\x00" if tuple(given) == self.login else b"\x01\x01")
        return tuple(given) == self.login

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
            target = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            host, _, port = target.rpartition(":")
            self.asked.append((host.strip("[]"), int(port)))
            if self.refuses is not None:
                writer.write(b"HTTP/1.1 %d No\r\n\r\n" % self.refuses)
                return
            await self._relay(host.strip("[]"), int(port), b"HTTP/1.1 200 OK\r\n\r\n", reader, writer)

    async def _relay(
        self, host: str, port: int, yes: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            host = self.leads_to
        far_reader, far_writer = await asyncio.open_connection(host, self.ports.get(port, port))
        writer.write(yes)
        with closing(far_writer):
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _socks_request(reader: asyncio.StreamReader) -> tuple[str, int]:
    kind = (await reader.readexactly(4))[3]
    match kind:
        case 1 | 4:
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        case _:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    return host, int.from_bytes(await reader.readexactly(2))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def proxy_peer(kind: str, peer: ProxyPeer, address: str = "127.78.0.2") -> AsyncIterator[ProxyPeer]:
    """`kind`: socks or connect."""
    serve = peer.socks if kind == "socks" else peer.connect
    listening = await asyncio.start_server(serve, address, 0)
    peer.port = listening.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        listening.close()
