"""The guard: which URL may be asked for, and which addresses its host may have."""

from collections.abc import Sequence

import httpx

from shared.events.values import MAX_URL
from shared.net.addresses import WEB_PORTS, literal, why_not_public
from shared.net.allowed import Allowed
from shared.net.failures import AddressRefused, Fault, FetchFailed
from shared.net.resolving import Resolve, system_resolve


class Guard:
    def __init__(self, allowed: Allowed, resolve: Resolve = system_resolve) -> None:
        self._allowed, self._resolve = allowed, resolve

    def allows(self, host: str) -> bool:
        """Whether the operator said which addresses this name has."""
        return host.lower() in self._allowed

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
            raise FetchFailed(f"{host}: the name does not resolve ({error})", Fault.DNS) from error
        if not found:
            raise FetchFailed(f"{host}: the name has no address", Fault.DNS)
        for address in found:
            if why := why_not_public(address):
                raise AddressRefused(f"{host}: its address {address} {why}")
        return found


def port_of(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
