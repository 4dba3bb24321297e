"""The server of the corpus, a process of its own: `python -m benchmarks.web.server HOSTS PAGES ACROSS CORE`.

Answers are made before the first request, so that it costs far less than any crawler. It prints its port, and writes
down of every request when it arrived and when its answer had left: what hosts saw, whatever a crawler says of itself.
"""

import asyncio
import contextlib
import gzip
import io
import json
import os
import resource
import socket
import sys
import time
from array import array
from dataclasses import replace
from itertools import chain, repeat

from PIL import Image

from benchmarks.web import pages
from benchmarks.web.names import ADDRESSES, CONTROL, WEB_PORT, address, name

BACKLOG = 4096


class Log:
    """A row a request, in four columns."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.hosts, self.pages, self.begun, self.ended = array("i"), array("i"), array("d"), array("d")
        self.of_pages = 0

    def dump(self) -> bytes:
        head = json.dumps({"rows": len(self.hosts)}).encode() + b"\n"
        return head + b"".join(column.tobytes() for column in (self.hosts, self.pages, self.begun, self.ended))


class Corpus:
    """A host is known by its name and by its address, if that is its own."""

    def __init__(self, web: pages.Web) -> None:
        self.log = Log()
        self.hosts = {name(number).encode(): number for number in range(web.hosts)}
        self.hosts |= {address(number).encode(): number for number in range(min(web.hosts, ADDRESSES))}
        self.numbers = {pages.path(number).encode(): number for number in range(web.pages)}
        self.across = web.across
        self.bodies = [_page(pages.page(number, web).encode(), f'"{number}"') for number in range(web.bodies)]
        self.robots = _plain(b"User-agent: *\nAllow: /\n", "text/plain")
        self.picture = _plain(_drawn(), "image/png")
        self.none = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nnone"

    def answer(self, host: int, path: bytes) -> tuple[int, bytes]:
        """What is to be logged as the page's number, and the bytes."""
        number = self.numbers.get(path)
        if number is not None:
            return number, self.bodies[(host * 31 + number) % len(self.bodies) if self.across else number]
        if path == b"/robots.txt":
            return pages.ROBOTS, self.robots
        return (pages.PICTURE, self.picture) if path.startswith(b"/picture/") else (-1, self.none)


class Connection(asyncio.Protocol):
    def __init__(self, corpus: Corpus) -> None:
        self._corpus, self._data = corpus, b""
        self._waiting: tuple[int, int, float] | None = None  # an answer that the socket has not taken whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(0)

    def data_received(self, data: bytes) -> None:
        begun = time.monotonic()
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head, self._data = self._data[:end], self._data[end + 4 :]
            self._answer(head, begun)

    def _answer(self, head: bytes, begun: float) -> None:
        corpus = self._corpus
        path = head[4 : head.find(b" ", 4)]
        at = head.lower().find(b"\r\nhost:") + 7
        host = head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None].strip().partition(b":")[0]
        if host == CONTROL:
            self._transport.write(_controlled(path, corpus))
            return
        known = corpus.hosts.get(host, -1)
        number, answer = corpus.answer(known, path)
        self._waiting = known, number, begun
        self._transport.write(answer)
        if not self._transport.get_write_buffer_size():
            self.resume_writing()

    def resume_writing(self) -> None:
        """Everything written so far has left."""
        if self._waiting:
            log, (host, number, begun) = self._corpus.log, self._waiting
            self._waiting = None
            log.of_pages += 0 <= number < pages.MOST_PAGES
            log.hosts.append(host)
            log.pages.append(number)
            log.begun.append(begun)
            log.ended.append(time.monotonic())


def _controlled(path: bytes, corpus: Corpus) -> bytes:
    """`/count`, `/log` and `/clear`."""
    if path == b"/log":
        return _plain(corpus.log.dump(), "application/octet-stream")
    if path == b"/clear":
        corpus.log.clear()
    used = resource.getrusage(resource.RUSAGE_SELF)
    said = {"pages": corpus.log.of_pages, "cpu_s": used.ru_utime + used.ru_stime}
    return _plain(json.dumps(said).encode(), "application/json")


def _page(body: bytes, etag: str) -> bytes:
    more = f"Content-Encoding: gzip\r\nVary: Accept-Encoding\r\nETag: {etag}\r\n"
    return _plain(gzip.compress(body, 6), "text/html; charset=utf-8", more)


def _plain(body: bytes, kind: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nServer: corpus\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _drawn() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((160, 120)).convert("RGB").save(out, "PNG")
    return out.getvalue()


def listen() -> list[socket.socket]:
    """One port on every address of the corpus: one alone would run out of ports for 20,000 connections.

    The web's own port where this user may, since addresses of the web name none; else any.
    """
    for wanted in chain([WEB_PORT], repeat(0)):
        opened: list[socket.socket] = []
        try:
            for number in range(ADDRESSES):
                port = opened[0].getsockname()[1] if opened else wanted
                opened.append(socket.create_server((address(number), port), backlog=BACKLOG))
            return opened
        except OSError:  # not allowed, or somebody has this port on one of the addresses: another one
            for one in opened:
                one.close()
    raise AssertionError("unreachable")


async def serve(web: pages.Web) -> None:
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        sockets = listen()
        port = sockets[0].getsockname()[1]
        corpus = Corpus(replace(web, port=port))
        for one in sockets:
            await stack.enter_async_context(await loop.create_server(lambda: Connection(corpus), sock=one))
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until whoever started it closes the pipe or ends


if __name__ == "__main__":
    hosts, number_of_pages, across, core = map(int, sys.argv[1:])
    os.sched_setaffinity(0, {core})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(pages.Web(hosts, number_of_pages, bool(across))))
