"""Servers whose TLS is not to be trusted, or is none. Each has a port of its own."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.support.authority import Authority
from tests.support.hostile import ADDRESS, Case, http, page


@dataclass(frozen=True)
class TlsHost:
    case: Case
    context: ssl.SSLContext | None
    half: bool = False  # takes the connection and says nothing


def tls_hosts(authority: Authority, other: Authority) -> Sequence[TlsHost]:
    """`other` is an authority that nobody trusts."""

    def case(name: str, outcome: str = "robots.*tls") -> Case:
        return Case(name, {}, outcome, told=not outcome)

    def host(name: str) -> str:
        return f"{name}.hostile.test"

    return [
        TlsHost(case("tls-good", ""), authority.server(host("tls-good"))),
        TlsHost(case("tls-expired"), authority.server(host("tls-expired"), expired=True)),
        TlsHost(case("tls-self-signed"), authority.server(host("tls-self-signed"), self_signed=True)),
        TlsHost(case("tls-wrong-name"), authority.server("somebody-else.test")),
        TlsHost(case("tls-unknown-authority"), other.server(host("tls-unknown-authority"))),
        TlsHost(case("tls-old"), _old(authority.server(host("tls-old")))),
        TlsHost(case("tls-is-plain"), None),
        TlsHost(case("tls-half", "robots.*(connect|timeout)"), None, half=True),
    ]


def _old(context: ssl.SSLContext) -> ssl.SSLContext:
    with warnings.catch_warnings():  # that it is old is the point
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@asynccontextmanager
async def served(hosts: Sequence[TlsHost]) -> AsyncIterator[list[Case]]:
    """The cases, with where they start."""
    async with AsyncExitStack() as stack:
        cases = []
        for one in hosts:
            serve = _hang if one.half else _serve if one.context else _plain
            server = await asyncio.start_server(serve, ADDRESS, 0, ssl=one.context)
            stack.callback(server.close)
            port = server.sockets[0].getsockname()[1]
            case = one.case
            start = f"https://{case.host}:{port}/"
            cases.append(Case(case.name, {}, case.outcome, case.told, start=start))
        yield cases


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            none = http(b"none", status="404 Not Found")
            writer.write(none if request.startswith(b"GET /robots.txt") else http(page()))
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


async def _plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As ordinary servers answer what is no HTTP: a greeting of TLS."""
    await reader.read(1)
    writer.write(http(b"bad", status="400 Bad Request"))
    writer.close()


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.read()
    except ConnectionError:
        pass
    finally:
        writer.close()
