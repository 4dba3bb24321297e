"""Our clock beside those of the configured time servers, compared now and then."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from services.evidence.circumstances.sntp import NoTime, Offset, ask
from shared.clock import Clock

ASK_S = 0.5  # a time server answers within a round trip, or it does not
AGAIN_S = 300.0  # a computer's clock drifts by 10 ms in that time; public servers want no more than a question a minute
MAX_SERVERS = 5


@dataclass(frozen=True)
class Compared:
    """`offset` is None when the server did not say; `failure` says why."""

    server: str
    at: datetime
    offset: Offset | None
    failure: str = ""


class Clocks:
    """`servers`: `HOST` or `HOST:PORT`, separated by commas; none asks nobody."""

    def __init__(self, servers: str, clock: Clock) -> None:
        self._servers = [server.strip() for server in servers.split(",") if server.strip()][:MAX_SERVERS]
        self._clock = clock
        self._compared: tuple[Compared, ...] = ()
        self._until = 0.0

    async def compared(self) -> tuple[Compared, ...]:
        """One a server, at most five minutes old."""
        if self._servers and (not self._compared or self._clock.monotonic() >= self._until):
            self._compared = tuple(await asyncio.gather(*map(self._compare, self._servers)))
            self._until = self._clock.monotonic() + AGAIN_S
        return self._compared

    async def _compare(self, server: str) -> Compared:
        at = self._clock.now()
        try:
            return Compared(server, at, await ask(server, self._clock, ASK_S))
        except NoTime as error:
            return Compared(server, at, None, str(error))
