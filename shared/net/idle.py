"""Connections that wait for the next request to their origin. Taking one costs the same among 10 and among 10,000."""

import asyncio
import resource
from collections import OrderedDict

from shared.net.asked import Origin
from shared.net.wire import Wire

MAX_IDLE = 2000  # 12 KB each, 90 KB with TLS: less than 200 MB
IDLE_S = 30.0  # nginx closes after 75 s, Apache after 5 s: what waits longer has rarely been kept by the server


def most_idle() -> int:
    """Leaves three quarters of the process's file descriptors to connections in use, and to everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_IDLE if soft == resource.RLIM_INFINITY else min(MAX_IDLE, soft // 4)


class Idle:
    def __init__(self, most: int) -> None:
        self._most = most
        self._by_origin: dict[Origin, list[Wire]] = {}
        self._by_age: OrderedDict[Wire, Origin] = OrderedDict()
        self._loop = asyncio.get_running_loop()
        self._tidying: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._by_age)

    def take(self, origin: Origin) -> Wire | None:
        """The one used last, as the likeliest to be open still."""
        while wires := self._by_origin.get(origin):
            wire = wires[-1]
            self._remove(wire, origin)
            if wire.usable:
                return wire
        return None

    def put(self, origin: Origin, wire: Wire) -> None:
        wire.idle_since = self._loop.time()
        self._by_origin.setdefault(origin, []).append(wire)
        self._by_age[wire] = origin
        if len(self._by_age) > self._most:
            self._close_oldest()
        if self._tidying is None:
            self._tidying = self._loop.call_later(IDLE_S, self._tidy)

    def close(self) -> None:
        while self._by_age:
            self._close_oldest()
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None

    def _tidy(self) -> None:
        """Close what has waited too long, and come again for the next."""
        self._tidying = None
        until = self._loop.time() - IDLE_S
        while self._by_age and (since := next(iter(self._by_age)).idle_since) <= until:
            self._close_oldest()
        if self._by_age:
            since = next(iter(self._by_age)).idle_since
            self._tidying = self._loop.call_at(since + IDLE_S, self._tidy)

    def _close_oldest(self) -> None:
        wire, origin = next(iter(self._by_age.items()))
        self._remove(wire, origin)
        wire.close()

    def _remove(self, wire: Wire, origin: Origin) -> None:
        del self._by_age[wire]
        wires = self._by_origin[origin]
        wires.remove(wire)
        if not wires:
            del self._by_origin[origin]
