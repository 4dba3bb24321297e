"""Names to addresses, remembered for as long as their owners say, within bounds."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from socket import SOCK_STREAM
from types import TracebackType
from typing import Self

import aiodns
import pycares

from shared.net.resolving import system_resolve

MOST_NAMES = 50_000  # 200 bytes each
MOST_ADDRESSES = 16  # of a name: an answer holds thousands, and more than a few are never tried
LEAST_TTL_S, MOST_TTL_S = 30.0, 3600.0  # of 0 s would mean a question a request; a day would outlive a move
UNKNOWN_TTL_S = 30.0  # that a name does not exist: short, for a name that is just being made (RFC 2308 allows more)
ANSWER_S, TRIES = 2.0, 2  # of the 10 s that a fetch may take
NO_SUCH_NAME = frozenset({aiodns.error.ARES_ENOTFOUND, aiodns.error.ARES_ENODATA, aiodns.error.ARES_ENONAME})
NO_SERVER = frozenset({aiodns.error.ARES_ECONNREFUSED, aiodns.error.ARES_ENOTINITIALIZED, aiodns.error.ARES_ESERVICE})


@dataclass(frozen=True)
class _Known:
    addresses: tuple[str, ...]  # none: the name does not exist
    until: float


class Names:
    """`await names(host, port)`, as `Resolve`. A resource. /etc/hosts comes first, as everywhere.

    `servers`: name servers to ask, `ADDRESS` or `ADDRESS:PORT`; without any, the system's.
    """

    def __init__(self, servers: Sequence[str] = (), monotonic: Callable[[], float] = time.monotonic) -> None:
        self._servers, self._monotonic = list(servers), monotonic
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking: dict[str, asyncio.Task[_Known]] = {}

    async def __aenter__(self) -> Self:
        return self

    @cached_property
    def _resolver(self) -> aiodns.DNSResolver:
        """Made when it is needed: it has a thread. Search domains are for the short names of an office, not here."""
        return aiodns.DNSResolver(
            self._servers or None, timeout=ANSWER_S, tries=TRIES, flags=pycares.ARES_FLAG_NOSEARCH
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        if "_resolver" in vars(self):
            await self._resolver.close()

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        known = self._known.get(host)
        if known is None or known.until <= self._monotonic():
            known = await self._ask_once(host, port)
        if not known.addresses:
            raise OSError("there is no such name, or it has no address")
        return known.addresses

    async def _ask_once(self, host: str, port: int) -> _Known:
        """However many want to know; and he who was first may give up without harm to the others."""
        task = self._asking.get(host)
        if task is None:
            task = self._asking[host] = asyncio.create_task(self._ask(host, port))
            task.add_done_callback(partial(self._asked, host))
        return await asyncio.shield(task)

    def _asked(self, host: str, task: asyncio.Task[_Known]) -> None:
        del self._asking[host]
        if not task.cancelled():
            task.exception()  # looked at here, for the case that nobody waits any more

    async def _ask(self, host: str, port: int) -> _Known:
        try:
            found = await self._resolver.getaddrinfo(host, type=SOCK_STREAM)
        except aiodns.error.DNSError as error:
            code = error.args[0]
            if code in NO_SUCH_NAME:
                return self._remember(host, (), UNKNOWN_TTL_S)
            if code in NO_SERVER and not self._servers:
                return _Known(tuple(await system_resolve(host, port)), 0.0)
            raise OSError(str(error.args[-1])) from error
        addresses = tuple(dict.fromkeys(node.addr[0].decode() for node in found.nodes))[:MOST_ADDRESSES]
        ttl_s = min((node.ttl for node in found.nodes), default=0)
        return self._remember(host, addresses, min(max(ttl_s, LEAST_TTL_S), MOST_TTL_S))

    def _remember(self, host: str, addresses: tuple[str, ...], ttl_s: float) -> _Known:
        known = self._known[host] = _Known(addresses, self._monotonic() + ttl_s)
        self._known.move_to_end(host)
        if len(self._known) > MOST_NAMES:
            self._known.popitem(last=False)
        return known
