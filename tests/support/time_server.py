"""A time server on a local UDP port (SNTP, RFC 4330, 5): as far ahead as it was told."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from services.evidence.circumstances.sntp import EPOCH, ERA
from shared.clock import Clock, SystemClock


def stamp(at: datetime) -> bytes:
    """32 bits of seconds since 1900, 32 bits of their fraction."""
    seconds = (at - EPOCH).total_seconds()
    return struct.pack(">II", int(seconds) % ERA, int((seconds % 1) * ERA))


@dataclass
class TimeServer(asyncio.DatagramProtocol):
    """`first`: leap, version and mode; `nonce`: in place of the asked one; `says`: all of an answer instead."""

    ahead: timedelta = timedelta()
    clock: Clock = field(default_factory=SystemClock)
    first: int = 4 << 3 | 4
    stratum: int = 2
    nonce: bytes | None = None
    says: bytes | None = None
    silent: bool = False
    asked: int = 0
    at: str = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        if self.silent:
            return
        now = stamp(self.clock.now() + self.ahead)
        head = bytes([self.first, self.stratum]) + bytes(22)
        self._transport.sendto(self.says or head + (self.nonce or data[40:48]) + now + now, addr)


@asynccontextmanager
async def time_server(address: str = "127.78.0.4") -> AsyncIterator[TimeServer]:
    made = TimeServer()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, (address, 0))
    made.at = f"{address}:{transport.get_extra_info('sockname')[1]}"
    try:
        yield made
    finally:
        transport.close()
