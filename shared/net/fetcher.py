"""`Fetcher`: GET over the guard, with limits on time, size and redirects."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpcore
import httpx

from shared.net.allowed import read_hosts
from shared.net.body import ACCEPT_ENCODING, read_body
from shared.net.connections import Connections
from shared.net.failures import Fault, FetchFailed
from shared.net.fetched import Fetched
from shared.net.guard import Guard, Resolve, system_resolve
from shared.net.settings import NetSettings

REDIRECTS = frozenset({301, 302, 303, 307, 308})
BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, ssl.SSLError, OSError)
# A connection that the server closed while it was idle: nothing of an answer came, so it is asked once more.
ATTEMPTS = 2
UNANSWERED = "without sending a response"


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
        exit: str | None = None,
        cut: bool = False,
    ) -> Fetched:
        """`redirects=0` hands a redirect back as it is; more than `redirects` in a row is a failure.

        `exit`: the proxy of that name. `cut`: a body beyond `max_bytes` (default: `max_page_bytes`) is cut off there
        instead of being a failure.
        """
        if exit is not None:
            raise FetchFailed(f"{url}: there is no exit {exit!r}; name it in HAETAE_EXITS_FILE", Fault.PROXY)
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
                return await self._follow(url, wanted, limit, redirects, started, cut)
        except TimeoutError as error:
            raise FetchFailed(f"{url}: no whole answer within {self.settings.fetch_timeout_s:g} s") from error

    async def _follow(
        self, url: str, headers: Mapping[str, str], limit: int, redirects: int, started: float, cut: bool
    ) -> Fetched:
        target = self._guard.vet(url)
        for left in range(redirects, -1, -1):
            answer = await self._ask(target, headers, limit, url, started, cut)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or not location or not redirects:
                return answer
            if left:
                target = self._guard.vet(joined(target, location))
        raise FetchFailed(f"{url}: more than {redirects} redirects")

    async def _ask(
        self, target: httpx.URL, headers: Mapping[str, str], limit: int, url: str, started: float, cut: bool
    ) -> Fetched:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._ask_once(target, headers, limit, url, started, cut)
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
        self, target: httpx.URL, headers: Mapping[str, str], limit: int, url: str, started: float, cut: bool
    ) -> Fetched:
        sent = [(b"Host", target.netloc), *((k.encode("ascii"), v.encode("latin-1")) for k, v in headers.items())]
        async with self._connections.send(target, sent) as response:
            raw = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers)
            received = {name.lower(): value for name, value in raw}
            encoding = received.get("content-encoding", "")
            body, was_cut = await read_body(response.aiter_stream(), encoding, limit, cut)
            peer = response.extensions["network_stream"].get_extra_info("server_addr")
        address = str(peer[0]) if peer else ""
        elapsed_s = time.monotonic() - started
        return Fetched(
            url, str(target), response.status, received, body, address, elapsed_s, raw_headers=raw, cut=was_cut
        )


def joined(base: httpx.URL, location: str) -> str:
    """Where a redirect leads. Raises `FetchFailed` when that is no URL."""
    try:
        return str(base.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchFailed(f"{base}: redirects to {location[:200]!r}, which is no URL") from error
