"""`Fetcher`: GET over the guard, with limits on time, size and redirects."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpcore
import httpx

from shared.net.allowed import read_hosts
from shared.net.body import ACCEPT_ENCODING, read_body
from shared.net.connections import Connections
from shared.net.failures import FetchFailed
from shared.net.guard import Guard, Resolve, system_resolve
from shared.net.settings import NetSettings

REDIRECTS = frozenset({301, 302, 303, 307, 308})
BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, ssl.SSLError, OSError)
# A connection that the server closed while it was idle: nothing of an answer came, so it is asked once more.
ATTEMPTS = 2
UNANSWERED = "without sending a response"


@dataclass(frozen=True)
class Fetched:
    """An answer. `url` was asked for, `final_url` answered; header names are lower-case; the body is unpacked."""

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str
    elapsed_s: float


class Fetcher:
    """Enter it once and share it: it keeps connections.

    Raises `AddressRefused` for what the guard refuses (checked again at every redirect and every connection) and
    `FetchFailed` for every answer that did not arrive whole. A status like 404 or 503 is an answer.
    """

    def __init__(self, settings: NetSettings, resolve: Resolve = system_resolve) -> None:
        self.settings = settings
        self._resolve = resolve

    async def __aenter__(self) -> Self:
        self._guard = Guard(read_hosts(self.settings.allowed_hosts_file), self._resolve)
        self._connections = Connections(self._guard)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connections.close()

    async def get(
        self,
        url: str,
        *,
        user_agent: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        redirects: int = 5,
    ) -> Fetched:
        """`redirects=0` hands a redirect back as it is; more than `redirects` in a row is a failure."""
        wanted = {
            "User-Agent": user_agent or self.settings.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPT_ENCODING,
            **(headers or {}),
        }
        limit = max_bytes or self.settings.max_page_bytes
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.settings.fetch_timeout_s):
                return await self._follow(url, wanted, limit, redirects, started)
        except TimeoutError as error:
            raise FetchFailed(f"{url}: no whole answer within {self.settings.fetch_timeout_s:g} s") from error

    async def _follow(
        self, url: str, headers: Mapping[str, str], limit: int, redirects: int, started: float
    ) -> Fetched:
        target = self._guard.vet(url)
        for left in range(redirects, -1, -1):
            answer = await self._ask(target, headers, limit, url, started)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or not location or not redirects:
                return answer
            if left:
                target = self._guard.vet(joined(target, location))
        raise FetchFailed(f"{url}: more than {redirects} redirects")

    async def _ask(
        self, target: httpx.URL, headers: Mapping[str, str], limit: int, url: str, started: float
    ) -> Fetched:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._ask_once(target, headers, limit, url, started)
            except TimeoutError:
                raise
            except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError) as error:
                if attempt == ATTEMPTS or (
                    isinstance(error, httpcore.RemoteProtocolError) and UNANSWERED not in str(error)
                ):
                    raise FetchFailed(f"{target}: the connection broke ({error!r})") from error
            except BROKEN as error:
                raise FetchFailed(f"{target}: {error!r}") from error
        raise AssertionError("unreachable")

    async def _ask_once(
        self, target: httpx.URL, headers: Mapping[str, str], limit: int, url: str, started: float
    ) -> Fetched:
        raw = [(b"Host", target.netloc), *((k.encode("ascii"), v.encode("latin-1")) for k, v in headers.items())]
        async with self._connections.send(target, raw) as response:
            received = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}
            body = await read_body(response.aiter_stream(), received.get("content-encoding", ""), limit)
            peer = response.extensions["network_stream"].get_extra_info("server_addr")
        address = str(peer[0]) if peer else ""
        return Fetched(url, str(target), response.status, received, body, address, time.monotonic() - started)


def joined(base: httpx.URL, location: str) -> str:
    """Where a redirect leads. Raises `FetchFailed` when that is no URL."""
    try:
        return str(base.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchFailed(f"{base}: redirects to {location[:200]!r}, which is no URL") from error
