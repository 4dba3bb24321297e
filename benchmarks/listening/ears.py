"""Listeners in a process of their own, on bare sockets: `python -m benchmarks.listening.ears PORT TOKENS EACH`.

TOKENS: a file of session tokens, a line each; EACH: listeners of each. Says `ready` when all are open; then, for a line
on its standard input, ends and prints one line of JSON: events of each listener, how late they were.
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

from benchmarks.queueing.timing import percentile

AT_ONCE = 200  # connections that are being opened
LATENESS_OF = 200  # listeners whose events' lateness is kept


class Ear(asyncio.Protocol):
    """One listener. Events must come in order, each once; it counts them."""

    def __init__(self, request: bytes, late: list[float] | None) -> None:
        self._request, self._late = request, late
        self.opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._rest = b""
        self.events = self.disorder = self.resyncs = 0
        self._last = (0, 0)
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]  # a transport of TCP

    def data_received(self, data: bytes) -> None:
        if not self.opened.done() and b"retry:" in data:
            self.opened.set_result(True)
        whole = self._rest + data
        pieces = whole.split(b"\r\n\r\n")
        self._rest = pieces.pop()
        for piece in pieces:
            if b"event: resync" in piece:
                self.resyncs += 1
            elif (start := piece.find(b"id: ")) >= 0:
                self._event(piece[start:])

    def _event(self, piece: bytes) -> None:
        lines = piece.split(b"\r\n")
        xid, _, position = lines[0][4:].partition(b".")
        place = (int(xid), int(position))
        self.disorder += place <= self._last
        self._last = place
        self.events += 1
        if self._late is not None:
            at = datetime.fromisoformat(json.loads(lines[2][6:])["at"])
            self._late.append(time.time() - at.timestamp())

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        if not self.opened.done():
            self.opened.set_result(False)


async def main(port: int, tokens: list[str], each: int) -> None:
    loop = asyncio.get_running_loop()
    late: list[float] = []
    ears: list[Ear] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def listen(token: str, number: int) -> None:
        request = f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        async with gate:
            # Source addresses of their own: one address has no more than 28,000 ports to one server.
            source = (f"127.0.0.{2 + number % 50}", 0)
            _, ear = await loop.create_connection(
                lambda: Ear(request, late if number < LATENESS_OF else None), "127.0.0.1", port, local_addr=source
            )
            ears.append(ear)
            await ear.opened

    await asyncio.gather(*(listen(token, n * each + k) for n, token in enumerate(tokens) for k in range(each)))
    print(json.dumps({"opened": sum(not ear.closed for ear in ears)}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    told = {
        "events": dict(Counter(ear.events for ear in ears)),
        "disorder": sum(ear.disorder for ear in ears),
        "resyncs": sum(ear.resyncs for ear in ears),
        "closed": sum(ear.closed for ear in ears),
        "late_ms": {"p50": percentile(late, 0.5), "p99": percentile(late, 0.99)} if late else {},
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]).read_text().split(), int(sys.argv[3])))
