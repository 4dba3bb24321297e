"""A name server on a local UDP port (RFC 1035): answers with what it was told, and counts.

It has a thread of its own: whoever asks gives up after a time, and a busy loop would eat the time of both.
"""

import ipaddress
import socketserver
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

A, AAAA = 1, 28
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3


@dataclass
class NameServer:
    """`records`: name → (TTL, addresses). `others`: (name, type) → (TTL, data as on the wire) of each record.
    `failing`: names that the server fails for (SERVFAIL). `silent`: names that it says nothing about."""

    records: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    others: dict[tuple[str, int], list[tuple[int, bytes]]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    asked: list[tuple[str, int]] = field(default_factory=list)
    at: str = ""
    _answers: dict[bytes, bytes] = field(default_factory=dict)  # a resolver in a hurry sends its question twice

    def answer(self, data: bytes) -> bytes | None:
        """To a datagram; the same to the same one. None: nothing is said."""
        name, kind, end = _question(data)
        self.asked.append((name, kind))
        if name in self.silent:
            return None
        if data not in self._answers:
            self._answers[data] = self._answer(data, name, kind, end)
        return self._answers[data]

    def _answer(self, data: bytes, name: str, kind: int, end: int) -> bytes:
        ttl, addresses = self.records.get(name, (0, []))
        wanted = [a for a in map(ipaddress.ip_address, addresses) if (a.version == 6) == (kind == AAAA)]
        told = [(ttl, a.packed) for a in wanted if kind in (A, AAAA)] + self.others.get((name, kind), [])
        known = addresses or any(name == other for other, _ in self.others)
        code = SERVER_FAILURE if name in self.failing else NO_ERROR if known else NO_SUCH_NAME
        head = data[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(told), 0, 0)
        found = [b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(rdata)) + rdata for ttl, rdata in told]
        return head + data[12:end] + b"".join(found)

    def times(self, name: str) -> int:
        return len([1 for asked, kind in self.asked if asked == name and kind == A])


def _question(data: bytes) -> tuple[str, int, int]:
    """Name, type, and where the question ends."""
    at, labels = 12, []
    while size := data[at]:
        labels.append(data[at + 1 : at + 1 + size].decode())
        at += 1 + size
    return ".".join(labels).lower(), int.from_bytes(data[at + 1 : at + 3]), at + 5


def wire_name(name: str) -> bytes:
    """As names stand in records' data."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


@asynccontextmanager
async def name_server(address: str = "127.78.0.3") -> AsyncIterator[NameServer]:
    made = NameServer()

    class Asked(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, socket = self.request
            if said := made.answer(data):
                socket.sendto(said, self.client_address)

    with socketserver.UDPServer((address, 0), Asked) as server:
        made.at = f"{address}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="name server")
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
