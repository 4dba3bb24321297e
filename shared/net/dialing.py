"""Opening a connection: to nothing but an address that the guard has just approved of."""

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence

from shared.net.asked import Origin
from shared.net.exits import ONION, Exit, is_onion
from shared.net.failures import AddressRefused, Fault, FetchFailed
from shared.net.guard import Guard
from shared.net.http1 import Http1
from shared.net.http2 import Http2
from shared.net.proxying import connect_through
from shared.net.tls import in_words
from shared.net.wire import Pace, Wire

# Together less than a fetch may take: a host with dead addresses must not eat the whole time-out.
ADDRESSES_TRIED = 3
CONNECT_S = 5.0  # a handshake takes 3 round trips, the farthest of 0.3 s; one lost packet adds 1 s, two add 3 s
WITH_OTHERS_S = 2.0  # while there is another address to try
# Nobody here resolves it, so nobody else finds out that it is no name at all.
ONION_NAME = re.compile(rf"(?=.{{1,253}}$)(?:[a-z0-9-]{{1,63}}\.)+{ONION}\.?")
THROUGH_EXIT_S = 20.0  # a new way through Tor takes 5-15 s


class Dialer:
    def __init__(self, guard: Guard, exits: Mapping[str, Exit], tls: ssl.SSLContext, pace: Pace) -> None:
        self._guard, self._exits, self._tls, self._pace = guard, exits, tls, pace

    async def dial(self, origin: Origin) -> Wire:
        """Raises `AddressRefused` and `FetchFailed`."""
        exit = self._exit(origin)
        failure: FetchFailed | None = None
        addresses = (await self._addresses(origin, exit))[:ADDRESSES_TRIED]
        for left, address in zip(reversed(range(len(addresses))), addresses, strict=True):
            most_s = THROUGH_EXIT_S if exit else WITH_OTHERS_S if left else CONNECT_S
            try:
                return await self._open(origin, address, exit, most_s)
            except FetchFailed as error:
                if error.fault is not Fault.CONNECT:
                    raise
                failure = error
        raise failure or FetchFailed(f"{origin.host}: the name has no address", Fault.DNS)

    def _exit(self, origin: Origin) -> Exit | None:
        if origin.exit is None:
            return None
        if origin.exit not in self._exits:
            raise FetchFailed(f"there is no exit {origin.exit!r}: add it to HAETAE_EXITS_FILE", Fault.PROXY)
        return self._exits[origin.exit]

    async def _addresses(self, origin: Origin, exit: Exit | None) -> Sequence[str]:
        if not is_onion(origin.host) or self._guard.allows(origin.host):
            return await self._guard.addresses(origin.host, origin.port)
        if exit is None or exit.name != ONION:
            raise AddressRefused(
                f"{origin.host} is an onion service: add a line `{ONION} socks5h://HOST:PORT` to HAETAE_EXITS_FILE, "
                f"and name the exit {ONION!r} for the site"
            )
        if not ONION_NAME.fullmatch(origin.host):
            raise AddressRefused(f"{origin.host[:100]!r} is no name of an onion service")
        return (origin.host,)  # the only names that anyone else resolves

    async def _open(self, origin: Origin, address: str, exit: Exit | None, most_s: float) -> Wire:
        where = f"{origin.host}:{origin.port}"
        try:
            async with asyncio.timeout(most_s):
                return await self._shake_hands(origin, address, exit)
        except TimeoutError as error:
            raise FetchFailed(f"{where}: no connection within {most_s:g} s", Fault.CONNECT) from error
        except ssl.SSLError as error:
            raise FetchFailed(f"{where}: {in_words(error)}", Fault.TLS) from error
        except (ConnectionResetError, ConnectionAbortedError) as error:
            fault = Fault.TLS if origin.scheme == "https" else Fault.CONNECT
            raise FetchFailed(f"{where}: it broke off the connection while it was being made", fault) from error
        except OSError as error:
            raise FetchFailed(f"{where}: no connection ({error})", Fault.CONNECT) from error

    async def _shake_hands(self, origin: Origin, address: str, exit: Exit | None) -> Wire:
        loop = asyncio.get_running_loop()
        shown = "" if address == origin.host and is_onion(address) else address
        secure = origin.scheme == "https"
        tls, name = (self._tls, origin.host) if secure else (None, None)
        if exit is None:
            _, door = await loop.create_connection(
                lambda: Door(shown, self._pace), address, origin.port, ssl=tls, server_hostname=name
            )
        else:
            sock = await connect_through(exit, address, origin.port, THROUGH_EXIT_S)
            _, door = await loop.create_connection(
                lambda: Door(shown, self._pace), sock=sock, ssl=tls, server_hostname=name
            )
        return door.wire


class Door(asyncio.Protocol):
    """Hands the connection to the protocol that both sides agreed on (ALPN), before the first byte is read."""

    wire: Wire

    def __init__(self, address: str, pace: Pace) -> None:
        self._address, self._pace = address, pace

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"{transport!r} is no stream")
        tls = transport.get_extra_info("ssl_object")
        speaks = Http2 if tls is not None and tls.selected_alpn_protocol() == "h2" else Http1
        self.wire = speaks(transport, self._address, self._pace)
        transport.set_protocol(self.wire)
