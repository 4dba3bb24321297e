"""Answers that a hostile server gives over HTTP/1.1: each ends with its name, and the fetcher goes on."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.net import Fault, Fetcher, FetchFailed, NetSettings
from tests.support.poll import eventually
from tests.support.raw_server import RawServer, plain, raw_server

LIMIT = 100_000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
Write = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Web:
    server: RawServer
    fetcher: Fetcher

    async def get(self, path: str = "/", **options: bool) -> bytes:
        return (await self.fetcher.get(f"http://open.test:{self.server.port}{path}", **options)).body

    async def fault(self, answer: bytes | Write) -> Fault:
        self.server.answers |= {"/": answer, "/good": plain(b"good")}
        with pytest.raises(FetchFailed) as failure:
            await self.get()
        assert await self.get("/good") == b"good"
        return failure.value.fault


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.78.0.1 open.test")
    settings = NetSettings(
        allowed_hosts_file=hosts, fetch_timeout_s=3, max_page_bytes=LIMIT, slow_after_s=0.1, slow_bytes_per_s=10_000
    )
    async with raw_server() as server, Fetcher(settings) as fetcher:
        yield Web(server, fetcher)


def forever(head: bytes, piece: bytes) -> Write:
    """The head, then the piece again and again, for as long as anybody listens."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return answer


def then_closes(data: bytes) -> Write:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return answer


async def drips(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await asyncio.sleep(0.02)


async def drips_its_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    while not writer.is_closing():
        writer.write(b"x")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (drips, Fault.SLOW),
        (drips_its_head, Fault.SLOW),
        (forever(b"HTTP/1.1 200 OK\r\n", b"X-Header: lantern\r\n"), Fault.HEADERS),
        (forever(b"HTTP/1.1 200 OK\r\nX-Header: ", b"lantern" * 1000), Fault.HEADERS),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n", Fault.HEADERS),
        (forever(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), Fault.PROTOCOL),
        (forever(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 5000), Fault.TOO_LARGE),
        (forever(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), Fault.TOO_LARGE),
        (forever(CHUNKED, b"1\r\nx\r\n" * 1000), Fault.PROTOCOL),
        (forever(CHUNKED + b"1", b";extension=lantern" * 1000), Fault.PROTOCOL),
        (forever(CHUNKED + b"0\r\n", b"Trailer: lantern\r\n" * 1000), Fault.PROTOCOL),
        (CHUNKED + b"zz\r\nbody\r\n", Fault.PROTOCOL),
        (CHUNKED + b"-4\r\nbody\r\n0\r\n\r\n", Fault.PROTOCOL),
        (CHUNKED + b"fffffffffffffffff\r\nbody\r\n", Fault.PROTOCOL),
        (then_closes(CHUNKED + b"4\r\nbody\r\n"), Fault.TRUNCATED),
        (then_closes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody"), Fault.TRUNCATED),
        (then_closes(b"HTTP/1.1 200 OK\r\nContent-"), Fault.TRUNCATED),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            Fault.PROTOCOL,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody5", Fault.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\x00\r\n\r\nbody", Fault.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nA\x00B: 4\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 abc OK\r\n\r\n", Fault.PROTOCOL),
        (b"220 mail.test ESMTP\r\n", Fault.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", Fault.TOO_LARGE),
        (plain(gzip.compress(b"\0" * 10_000_000), "Content-Encoding: gzip"), Fault.BOMB),
        (plain(b"x", "Content-Encoding: compress"), Fault.ENCODING),
        (plain(b"x" * 50, "Content-Encoding: br"), Fault.ENCODING),
        (plain(b"x" * 50, "Content-Encoding: gzip", "Content-Encoding: gzip, gzip"), Fault.ENCODING),
        (plain(b"", "Location: /", status="302 Found"), Fault.REDIRECTS),
    ],
)
async def test_each_hostile_answer_has_its_name(web: Web, answer: bytes | Write, fault: Fault) -> None:
    assert await web.fault(answer) is fault


async def test_silence_ends_at_the_time_limit(web: Web) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    web.server.answers["/"] = silent
    with pytest.raises(FetchFailed, match=r"within 0\.1 s") as failure:
        await web.fetcher.get(f"http://open.test:{web.server.port}/", timeout_s=0.1)
    assert failure.value.fault is Fault.TIMEOUT


async def test_an_answer_may_end_with_its_connection(web: Web) -> None:
    web.server.answers["/"] = then_closes(b"HTTP/1.0 200 OK\r\n\r\nall of it")
    assert await web.get() == b"all of it"


async def test_lines_may_end_without_a_carriage_return(web: Web) -> None:
    web.server.answers["/"] = b"HTTP/1.1 200 OK\nContent-Length: 5\nX-A: b\n\nshown"
    assert await web.get("/") == b"shown"


async def test_a_second_answer_to_one_request_is_nobodys(web: Web) -> None:
    """It must not become the answer to the next request on that connection."""
    web.server.answers |= {"/": plain(b"first") + plain(b"planted"), "/next": plain(b"next")}
    assert await web.get() == b"first"
    assert await web.get("/next") == b"next"
    assert web.server.connections == 2


async def test_what_a_kept_connection_says_unasked_closes_it(web: Web) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def keep(writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(plain(b"first"))

    web.server.answers |= {"/": keep, "/next": plain(b"next")}
    assert await web.get() == b"first"
    writers[0].write(plain(b"planted"))
    await writers[0].drain()
    await eventually(writers[0].is_closing)
    assert await web.get("/next") == b"next"


async def test_a_body_can_be_cut_at_its_limit(web: Web) -> None:
    web.server.answers |= {
        "/endless": forever(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 5000),
        "/packed": plain(gzip.compress(b"".join(b"%d" % n for n in range(LIMIT))), "Content-Encoding: gzip"),
        "/declared": plain(b"x" * (LIMIT + 1)),
        "/small": plain(b"x"),
    }
    for path, length, cut in (
        ("/endless", LIMIT, True),
        ("/packed", LIMIT, True),
        ("/declared", LIMIT, True),
        ("/small", 1, False),
    ):
        got = await web.fetcher.get(f"http://open.test:{web.server.port}{path}", cut=True)
        assert (len(got.body), got.cut) == (length, cut)


async def test_interim_answers_are_passed_over_and_repeated_headers_kept(web: Web) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    web.server.answers["/"] = hints * 2 + plain(b"page", "Set-Cookie: a=1", "Set-Cookie: b=2")
    got = await web.fetcher.get(f"http://open.test:{web.server.port}/")
    assert (got.status, got.body) == (200, b"page")
    assert got.raw_headers == (("Content-Length", "4"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


@pytest.mark.parametrize("value", ["a\r\nHost: inside.test", "a\nb", "a\0b"])
async def test_a_header_cannot_bring_another_one(web: Web, value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        await web.fetcher.get(f"http://open.test:{web.server.port}/", headers={"Cookie": value})
    assert web.server.requests == []
    with pytest.raises(ValueError, match="Latin-1"):
        await web.fetcher.get(f"http://open.test:{web.server.port}/", headers={"Cookie": "등불"})
