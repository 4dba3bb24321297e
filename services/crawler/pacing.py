"""Politeness inside the process: requests to a host come one after the other, its gap apart, whoever makes them."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.clock import Clock

DEFAULT_GAP_S = 1.0  # for hosts that no site names a pace for, as other crawlers hold it
MOST_HOSTS = 50_000


@dataclass
class _Host:
    gap_s: float
    next_at: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pacer:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    def set_pace(self, host: str, requests_per_second: float, least_gap_s: float = 0.0) -> None:
        self._host(host).gap_s = max(1 / requests_per_second, least_gap_s)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Entered when the next request to the host may start, first come, first served; left when it is answered.

        One request at a time, and the gap counts from the answer: however busy either machine is, the host never sees
        two requests closer together.
        """
        state = self._host(host)
        async with state.turn:
            if (wait_s := state.next_at - self._clock.monotonic()) > 0:
                await self._clock.sleep(wait_s)
            try:
                yield
            finally:
                state.next_at = self._clock.monotonic() + state.gap_s

    def free_in_s(self, host: str) -> float:
        """Seconds until the host may be asked again."""
        return max(0.0, self._host(host).next_at - self._clock.monotonic())

    def _host(self, host: str) -> _Host:
        state = self._hosts.setdefault(host, _Host(DEFAULT_GAP_S))
        self._hosts.move_to_end(host)
        if len(self._hosts) > MOST_HOSTS:
            oldest = next(iter(self._hosts.values()))
            if not oldest.turn.locked() and oldest.next_at < self._clock.monotonic():
                self._hosts.popitem(last=False)
        return state
