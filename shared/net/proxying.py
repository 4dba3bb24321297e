"""Connections through an exit."""

import asyncio
import socket

from python_socks import ProxyError, ProxyType
from python_socks.async_.asyncio import Proxy

from shared.net.exits import Exit
from shared.net.failures import Fault, FetchFailed

KINDS = {"socks5": ProxyType.SOCKS5, "http": ProxyType.HTTP}
# What a proxy says when it is well and the other side is not: SOCKS5 (RFC 1928, 6) network and host unreachable,
# connection refused, TTL expired; HTTP bad gateway and gateway time-out.
NOT_THE_PROXYS_FAULT = frozenset({3, 4, 5, 6, 502, 504})


async def connect_through(exit: Exit, host: str, port: int, timeout_s: float) -> socket.socket:
    """A socket that leads to `host`: an address that the guard approved of, or the name of an onion service.

    Raises `FetchFailed`; no message holds the password.
    """
    loop = asyncio.get_running_loop()
    kind = KINDS[exit.kind]
    proxy = Proxy(kind, exit.host, exit.port, exit.user or None, exit.password or None, rdns=True, loop=loop)
    try:
        return await proxy.connect(host, port, timeout=timeout_s)
    except ProxyError as error:
        fault = Fault.CONNECT if error.error_code in NOT_THE_PROXYS_FAULT else Fault.PROXY
        raise FetchFailed(f"{host}:{port}: the exit {exit.name!r} says: {error}", fault) from error
    except OSError as error:
        raise FetchFailed(
            f"{host}:{port}: no connection through the exit {exit.name!r} ({error})", Fault.PROXY
        ) from error
