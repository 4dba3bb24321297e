"""Calling an interface: over the guard, once, and what failed says whether anything was sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.net import AddressRefused, NetSettings
from shared.net.calling import Caller, NoAnswer, NotSent
from tests.support.poll import eventually

HOST = "peer.test"
OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Number: 7\r\n\r\n{}"


@asynccontextmanager
async def peer(answer: bytes, folder: Path) -> AsyncIterator[tuple[Caller, str, list[bytes]]]:
    """Takes one request a connection, answers with these bytes, and hangs up."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        plain = first != b"\x16"  # else the client says hello in TLS
        got.append(first + (await reader.readuntil(b"\r\n\r\n") + await reader.read(2) if plain else b""))
        writer.write(answer)
        writer.close()

    (folder / "hosts").write_text(f"127.0.0.1 {HOST}\n")
    settings = NetSettings.model_validate({"allowed_hosts_file": str(folder / "hosts")})
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, Caller(settings) as caller:
        yield caller, f"http://{HOST}:{server.sockets[0].getsockname()[1]}/reports?secret=1", got


async def call(caller: Caller, url: str, **more: float):
    return await caller.call("POST", url, {"X-Mine": "1"}, b"{}", timeout_s=more.pop("timeout_s", 10), **more)


async def test_an_answer_is_an_answer_whatever_its_status(tmp_path):
    async with peer(OK, tmp_path) as (caller, url, got):
        reply = await call(caller, url)
    assert (reply.status, reply.body, reply.headers["x-number"]) == (201, b"{}", "7")
    (request,) = got
    assert request.startswith(b"POST /reports?secret=1 HTTP/1.1\r\n")
    assert request.endswith(b"{}")
    assert b"X-Mine: 1" in request
    assert b"Haetae/" in request


async def test_a_redirect_is_not_followed(tmp_path):
    moved = b"HTTP/1.1 307 Elsewhere\r\nLocation: http://peer.test/other\r\nContent-Length: 0\r\n\r\n"
    async with peer(moved, tmp_path) as (caller, url, got):
        assert (await call(caller, url)).status == 307
    assert len(got) == 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 201 Cr", OK[:-1], b"no http at all\r\n\r\n"])
async def test_without_a_whole_answer_it_is_unknown_whether_it_was_taken(tmp_path, answer):
    async with peer(answer, tmp_path) as (caller, url, _):
        with pytest.raises(NoAnswer, match=HOST) as lost:
            await call(caller, url)
    assert "secret" not in str(lost.value)
    assert "no http at all" not in str(lost.value)


async def test_an_answer_beyond_measure_is_none(tmp_path):
    async with peer(OK, tmp_path) as (caller, url, _):
        with pytest.raises(NoAnswer, match="longer than 1 bytes"):
            await call(caller, url, max_bytes=1)


async def test_where_nobody_listens_nothing_was_sent(tmp_path):
    async with peer(OK, tmp_path) as (caller, _, _):
        with pytest.raises(NotSent, match=HOST):
            await call(caller, f"http://{HOST}:1/reports")


async def test_a_server_without_tls_gets_nothing_of_a_request_that_wants_it(tmp_path):
    async with peer(OK, tmp_path) as (caller, url, got):
        with pytest.raises(NotSent, match=HOST):
            await call(caller, url.replace("http://", "https://"), timeout_s=2)
    assert not any(b"POST" in one for one in got)


async def test_servers_that_fall_silent_keep_nothing_open_and_no_later_call_waiting(tmp_path):
    open_ones: set[asyncio.StreamWriter] = set()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        await reader.read()
        open_ones.discard(writer)
        writer.close()

    async def left() -> bool:
        return not open_ones

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with peer(OK, tmp_path) as (caller, url, _), server:
        hanging = [f"{scheme}://{HOST}:{port}/x" for scheme in ("http", "https")] * 60
        times = (0.0005 * number for number in range(len(hanging)))
        calls = (call(caller, one, timeout_s=timeout_s) for one, timeout_s in zip(hanging, times, strict=True))
        failed = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in failed} <= {NotSent, NoAnswer}
        await eventually(left)
        assert (await call(caller, url)).status == 201


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "http://10.0.0.1/x", "ftp://peer.test/x", "http://board.test:81/x"]
)
async def test_what_the_guard_refuses_is_not_asked(tmp_path, url):
    async with peer(OK, tmp_path) as (caller, _, _):
        with pytest.raises(AddressRefused):
            await call(caller, url)


async def test_a_name_that_leads_into_a_private_network_is_refused(tmp_path):
    async def private(host: str, port: int) -> tuple[str, ...]:
        return ("127.0.0.1",)

    async with Caller(NetSettings(), private) as caller:
        with pytest.raises(AddressRefused, match="loopback"):
            await call(caller, "https://reports.platform-x.test/x")
