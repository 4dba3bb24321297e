"""Politeness inside the process: requests to a host start at least its gap apart, whoever makes them."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.clock import Clock

DEFAULT_GAP_S = 1.0  # for hosts that no site names a pace for, as other crawlers hold it
# A request that waits for a connection arrives later than it started, and the next one on the open connection does not.
MARGIN_S = 0.02
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

        On a busy machine a request arrives some time after it started, at the latest when it is answered: the gap
        counts from then. A slow answer holds the next request up by one gap at most.
        """
        state = self._host(host)
        async with state.turn:
            while (wait_s := state.next_at - self._clock.monotonic()) > 0:
                await self._clock.sleep(wait_s)
            started = self._clock.monotonic()
            gap_s = state.gap_s + MARGIN_S
            state.next_at = started + gap_s
        try:
            yield
        finally:
            arrived = min(self._clock.monotonic(), started + gap_s)
            state.next_at = max(state.next_at, arrived + gap_s)

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
