"""Names to addresses by the system's own resolver."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

# Threads of their own: names whose servers answer slowly must not hold up what else the process does in threads.
RESOLVERS = ThreadPoolExecutor(32, "resolver")

# (host, port) → its addresses. Raises `OSError` for a name without any.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name. Raises `OSError` for a name without any."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(RESOLVERS, ask)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
