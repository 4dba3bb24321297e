"""Calling an interface: any method, with a body, once, over the guard. What failed says whether anything was sent.

httpcore speaks HTTP; connections are made here, to addresses that the guard approved of, and never used twice: a server
that closes a kept one while a request is under way would leave it unknown whether that was taken. There is no pool
either: one of httpcore's counts a call that ended while it connected for ever as being under way, and ten are its most.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpcore

from shared.failures import Transient
from shared.net.allowed import read_hosts
from shared.net.dialing import ADDRESSES_TRIED, CONNECT_S
from shared.net.failures import AddressRefused, Fault, FetchFailed
from shared.net.guard import Guard
from shared.net.names import Names
from shared.net.resolving import Resolve
from shared.net.settings import CallSettings
from shared.net.tls import tls_context
from shared.observing import To, calling

MOST_BYTES = 256 * 1024  # of an answer: a list of a hundred reports is 50 KB
SENDING = frozenset({"http11.send_request_headers.started"})


class NotSent(Transient):
    """No byte of the request left: the other side has not taken it."""


class NoAnswer(Transient):
    """The request, or a part of it, left, and no whole answer came: whether it was taken is not known."""


@dataclass(frozen=True)
class Reply:
    """`headers`: names in lower case, the last of several alike."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Caller:
    """Enter it once and share it. Redirects are not followed: what is sent goes where it was meant to go. `to`: who
    is called, for what counts calls."""

    def __init__(self, settings: CallSettings, resolve: Resolve | None = None, to: To = "report_api") -> None:
        self._settings, self._resolve, self._open, self._to = settings, resolve, AsyncExitStack(), to

    async def __aenter__(self) -> Self:
        self._guard = Guard(read_hosts(self._settings.allowed_hosts_file), self._resolve or await self._names())
        self._tls = tls_context(self._settings.ca_file)
        self._tls.set_alpn_protocols(["http/1.1"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def _names(self) -> Resolve:
        return await self._open.enter_async_context(Names(self._settings.name_servers))

    async def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout_s: float,
        max_bytes: int = MOST_BYTES,
    ) -> Reply:
        """Whatever status comes is an answer. Raises `AddressRefused`, `NotSent` and `NoAnswer`."""
        with calling(self._to, method, {"http.request.method": method}) as seen:
            reply = await self._call(method, url, headers, body, timeout_s, max_bytes)
            seen.says({"http.response.status_code": reply.status})
            if reply.status >= 500:
                seen.failed(str(reply.status))
            return reply

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float, max_bytes: int
    ) -> Reply:
        target = str(self._guard.vet(url))
        sent = asyncio.Event()

        async def watch(what: str, _: Any) -> None:  # noqa: ANN401  # httpcore gives each event its own values
            if what in SENDING:
                sent.set()

        ours = {"accept-encoding": "identity", "user-agent": self._settings.user_agent}
        try:
            async with (
                asyncio.timeout(timeout_s),
                _Guarded(self._guard) as network,
                httpcore.AsyncHTTPConnection(
                    httpcore.URL(target).origin, ssl_context=self._tls, network_backend=network
                ) as connection,
                connection.stream(
                    method,
                    target,
                    headers=list({**ours, **headers}.items()),
                    content=body,
                    extensions={"trace": watch},
                ) as answer,
            ):
                return Reply(answer.status, _named(answer.headers), await _bounded(answer, max_bytes))
        except AddressRefused:
            raise
        except (httpcore.NetworkError, httpcore.ProtocolError, TimeoutError, FetchFailed, OSError) as error:
            why = str(error) or f"no whole answer within {timeout_s:g} s"
            if isinstance(error, httpcore.RemoteProtocolError):  # its text repeats what came, which may be our secret
                why = "no whole answer in HTTP"
            raise (NoAnswer if sent.is_set() else NotSent)(f"{_host(target)}: {why}") from error


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that the guard gives, and to nothing else. For one call: what it opened is closed by
    leaving its context, because httpcore forgets a connection whose handshake does not come to its end."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._inner, self._open = guard, httpcore.AnyIOBackend(), AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for address in (await self._guard.addresses(host, port))[:ADDRESSES_TRIED]:
            try:
                stream = await self._inner.connect_tcp(address, port, CONNECT_S, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._open.push_async_callback(stream.aclose)
                return stream
        raise httpcore.ConnectError(f"no connection ({failure})")


def _host(url: str) -> str:
    """Of a URL whose path and query may hold what belongs into no log."""
    return url.split("/", 3)[2]


def _named(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


async def _bounded(answer: httpcore.Response, most: int) -> bytes:
    body = bytearray()
    async for part in answer.aiter_stream():
        body += part
        if len(body) > most:
            raise FetchFailed(f"its answer is longer than {most} bytes", Fault.TOO_LARGE)
    return bytes(body)
