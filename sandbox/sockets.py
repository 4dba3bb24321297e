"""Listening sockets on loopback: many addresses, one port."""

import ipaddress
import socket

_TRIES = 20
# Connections that wait to be accepted: a crawl benchmark opens hundreds together.
_BACKLOG = 512


def bind_all(addresses: list[str], port: int) -> tuple[list[socket.socket], int]:
    """One listening socket an address, all on `port` (0: a port that is free on all). OSError when it is taken."""
    for address in addresses:
        if not ipaddress.ip_address(address).is_loopback:
            raise ValueError(f"{address} is not a loopback address: the sandbox serves nobody else")
    for attempt in range(_TRIES):
        sockets: list[socket.socket] = []
        try:
            chosen = port
            for address in addresses:
                sockets.append(_bound(address, chosen))
                chosen = sockets[0].getsockname()[1]
            return sockets, chosen
        except OSError:
            for each in sockets:
                each.close()
            if port or attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _bound(address: str, port: int) -> socket.socket:
    # Named, because asyncio switches Nagle off only on sockets that say TCP: else pipelined answers take 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
        bound.listen(_BACKLOG)  # at once: two sockets may share a port as long as none listens
        bound.setblocking(False)
    except OSError as fault:
        bound.close()
        raise OSError(fault.errno, f"cannot listen on {address}:{port}: {fault.strerror}") from fault
    return bound
