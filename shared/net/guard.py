"""The guard: which URL may be asked for, and which addresses its host may have."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

from shared.events.values import MAX_URL
from shared.net.addresses import WEB_PORTS, literal, why_not_public
from shared.net.allowed import Allowed
from shared.net.failures import AddressRefused, FetchFailed

# Threads of their own: names whose servers answer slowly must not hold up what else the process does in threads.
RESOLVERS = ThreadPoolExecutor(32, "resolver")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, by the system's resolver. Raises `OSError` for a name without any."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(RESOLVERS, ask)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    def __init__(self, allowed: Allowed, resolve: Resolve = system_resolve) -> None:
        self._allowed, self._resolve = allowed, resolve

    def vet(self, url: str) -> httpx.URL:
        """The URL, parsed, when its form is acceptable. Raises `AddressRefused`."""
        if len(url) > MAX_URL:
            raise AddressRefused(f"the URL has {len(url)} characters; {MAX_URL} is the most")
        try:
            parsed = httpx.URL(url)
            host, port = parsed.raw_host.decode("ascii"), port_of(parsed)
        except (httpx.InvalidURL, ValueError, TypeError) as error:
            raise AddressRefused(f"{url!r} is not a URL: {error}") from error
        if parsed.scheme not in ("http", "https"):
            raise AddressRefused(f"{url!r}: scheme {parsed.scheme!r} is not http or https")
        if not host:
            raise AddressRefused(f"{url!r} names no host")
        self._check_host(host, port)
        return parsed

    def _check_host(self, host: str, port: int) -> None:
        """What can be refused before any name is resolved."""
        if host in self._allowed:
            return
        if port not in WEB_PORTS:
            raise AddressRefused(f"{host}: port {port} is not one of the web's (80, 443)")
        try:
            address = literal(host)
        except ValueError as error:
            raise AddressRefused(str(error)) from error
        if address and (why := why_not_public(address)):
            raise AddressRefused(f"{host} {why}")

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Where to connect to, right now: every address of the host was found public, or the host is allowed.

        Whoever connects must connect to one of these and not resolve again: the name may say something else then.
        """
        host = host.lower()
        self._check_host(host, port)
        if host in self._allowed:
            return self._allowed[host]
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchFailed(f"{host}: the name does not resolve ({error})") from error
        if not found:
            raise FetchFailed(f"{host}: the name has no address")
        for address in found:
            if why := why_not_public(address):
                raise AddressRefused(f"{host}: its address {address} {why}")
        return found


def port_of(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
