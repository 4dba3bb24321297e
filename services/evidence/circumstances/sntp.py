"""One question to a time server (SNTP, RFC 4330): how far our clock is from its own."""

import asyncio
import secrets
import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from shared.clock import Clock

PORT = 123
SIZE = 48
CLIENT, SERVER = 3, 4  # modes (4)
VERSION = 4
UNSYNCHRONISED = 3  # leap indicator: its clock was never set
MOST_STRATUM = 15  # 0 is a "kiss of death", a wish to be left alone (8)
EPOCH = datetime(1900, 1, 1, tzinfo=UTC)
ERA = 1 << 32  # seconds after which the counter begins anew, for the first time in 2036


class Offset(NamedTuple):
    """Milliseconds that our clock has to be moved by (positive: it is slow), give or take half of the round trip."""

    offset_ms: int
    round_trip_ms: int
    stratum: int


class NoTime(Exception):
    """The server did not say what time it is."""


async def ask(server: str, clock: Clock, timeout_s: float) -> Offset:
    """`server`: `HOST` or `HOST:PORT`. Raises `NoTime`."""
    host, port = address_of(server)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            transport, protocol = await loop.create_datagram_endpoint(lambda: _Once(), remote_addr=(host, port))
            try:
                nonce, sent = secrets.token_bytes(8), clock.now()
                transport.sendto(bytes([VERSION << 3 | CLIENT]) + bytes(SIZE - 9) + nonce)
                return offset(await protocol.answer, nonce, sent, clock.now())
            finally:
                transport.close()
    except TimeoutError as error:
        raise NoTime(f"no answer within {timeout_s:g} s") from error
    except (OSError, UnicodeError) as error:
        raise NoTime(f"not reached ({error})") from error


def address_of(server: str) -> tuple[str, int]:
    """Of `HOST`, `HOST:PORT`, `[V6]:PORT` or a bare IPv6 address. Raises `NoTime`."""
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
    if not host or (port and not (port.isascii() and port.isdecimal() and int(port) < 1 << 16)):
        raise NoTime(f"{server!r} is no server; write HOST or HOST:PORT in HAETAE_NTP_SERVERS")
    return host, int(port or PORT)


def offset(answer: bytes, nonce: bytes, sent: datetime, received: datetime) -> Offset:
    """`nonce` stood where our time would: it tells the answer to us from anybody else's. Raises `NoTime`."""
    if len(answer) < SIZE:
        raise NoTime(f"an answer of {len(answer)} bytes; {SIZE} are the least")
    leap, mode, stratum = answer[0] >> 6, answer[0] & 7, answer[1]
    if mode != SERVER or answer[24:32] != nonce:
        raise NoTime("an answer to another question")
    if not 1 <= stratum <= MOST_STRATUM or leap == UNSYNCHRONISED:
        raise NoTime("the server says that it has no time to give")
    arrived, left = moment(answer[32:40], received), moment(answer[40:48], received)
    ahead = ((arrived - sent) + (left - received)) / 2
    trip = (received - sent) - (left - arrived)
    return Offset(_ms(ahead), max(0, _ms(trip)), stratum)


def moment(stamp: bytes, near: datetime) -> datetime:
    """Of 32 bits of seconds and 32 of their fraction, in the era that is nearest to `near` (3)."""
    seconds, fraction = cast(tuple[int, int], struct.unpack(">II", stamp))
    if not seconds:
        raise NoTime("the server says that it has no time to give")
    now = (near - EPOCH).total_seconds()
    era = round((now - seconds) / ERA)
    return EPOCH + timedelta(seconds=seconds + era * ERA, microseconds=fraction * 1_000_000 / ERA)


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))


class _Once(asyncio.DatagramProtocol):
    """The first datagram; the socket takes none but from whom it asked."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)
