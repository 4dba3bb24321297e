"""Connections: pinned to the address that was checked, one small pool a host.

One pool for all hosts would be searched from end to end for every request (httpcore's does).
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore
import httpx

from shared.net.failures import FetchFailed
from shared.net.guard import Guard, port_of

MAX_ORIGINS = 512  # pools that are kept; beyond it the longest unused idle one is closed
CONNECTIONS_PER_ORIGIN = 4  # politeness rarely needs more than one; a slow answer must not hold up the next request
KEEPALIVE_S = 30.0
ADDRESSES_TRIED = 3  # a host with many dead addresses must not eat the whole time-out

Options = Iterable[httpcore.SOCKET_OPTION]
Origin = tuple[str, str, int]


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to nothing but an address that the guard has just approved of."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._network = guard, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for address in (await self._guard.addresses(host, port))[:ADDRESSES_TRIED]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise FetchFailed(f"{host}:{port}: no connection ({failure})") from failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Options | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise FetchFailed("a web site is not on a local socket")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class _Pool:
    pool: httpcore.AsyncConnectionPool
    busy: int = field(default=0)


class Connections:
    def __init__(self, guard: Guard, max_origins: int | None = None) -> None:
        self._backend = PinnedBackend(guard)
        self._ssl = ssl.create_default_context()  # 20 ms of CPU: made once
        self._pools: OrderedDict[Origin, _Pool] = OrderedDict()
        self._max = max_origins or MAX_ORIGINS

    def __len__(self) -> int:
        return len(self._pools)

    @asynccontextmanager
    async def send(self, url: httpx.URL, headers: list[tuple[bytes, bytes]]) -> AsyncIterator[httpcore.Response]:
        """GET it; the body streams while the block runs, undecoded."""
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        entry = await self._entry((url.scheme, url.raw_host.decode(), port_of(url)))
        entry.busy += 1
        try:
            async with entry.pool.stream("GET", target, headers=headers) as response:
                yield response
        finally:
            entry.busy -= 1

    async def _entry(self, origin: Origin) -> _Pool:
        entry = self._pools.get(origin)
        if entry is None:
            pool = httpcore.AsyncConnectionPool(
                ssl_context=self._ssl,
                max_connections=CONNECTIONS_PER_ORIGIN,
                keepalive_expiry=KEEPALIVE_S,
                network_backend=self._backend,
            )
            entry = self._pools[origin] = _Pool(pool)
        self._pools.move_to_end(origin)
        await self._shed(entry)
        return entry

    async def _shed(self, keep: _Pool) -> None:
        idle = [origin for origin, entry in self._pools.items() if not entry.busy and entry is not keep]
        for origin in idle[: max(0, len(self._pools) - self._max)]:
            await self._pools.pop(origin).pool.aclose()

    async def close(self) -> None:
        while self._pools:
            await self._pools.popitem()[1].pool.aclose()
