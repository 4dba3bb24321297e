"""Serving: what a connection may make us believe."""

import asyncio
import resource

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from shared import web_bounds
from shared.web import serving
from shared.web_bounds import MOST_HEAD, most_connections

HEAD = b"POST / HTTP/1.1\r\nHost: a.test\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
TOO_MUCH = 4 * 1024 * 1024  # bytes: more than any socket's buffers take


async def told(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def said(*pieces: bytes) -> bytes:
    """What a server says to the pieces; empty where it closes without a word."""
    app = Starlette(routes=[Route("/", told, methods=["GET", "POST"])])
    async with asyncio.timeout(20), serving(app, "127.0.0.1", 0) as port:
        read, write = await asyncio.open_connection("127.0.0.1", port)
        try:
            for piece in pieces:
                write.write(piece)
                await write.drain()
            return await read.readline()
        except ConnectionError:
            return b""
        finally:
            write.close()


async def test_the_address_of_a_client_is_that_of_its_connection():
    async def address(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.url.scheme} {request.client and request.client.host}")

    claimed = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "Forwarded": "for=192.0.2.7"}
    app = Starlette(routes=[Route("/", address)])
    async with serving(app, "127.0.0.1", 0) as port, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/", headers=claimed)
    assert answer.text == "http 127.0.0.1"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((b"GET /?", b"a" * TOO_MUCH), id="address"),
        pytest.param((HEAD, b"A: ", b"a" * TOO_MUCH), id="header"),
        pytest.param((HEAD, b"A: a\r\n" * (TOO_MUCH // 6)), id="headers"),
        pytest.param((CHUNKED + b"0\r\n", b"A: a\r\n" * (TOO_MUCH // 6)), id="trailers"),
        pytest.param((CHUNKED + b"5;a=", b"a" * TOO_MUCH), id="extension of a chunk"),
    ],
)
async def test_a_head_without_end_is_not_read_to_the_end(pieces):
    assert await said(*pieces) in (b"", b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_head_is_measured_also_when_it_comes_at_once():
    assert await said(HEAD + b"A: " + b"a" * MOST_HEAD + b"\r\n\r\n") == b"HTTP/1.1 400 Bad Request\r\n"
    assert await said(HEAD + b"A: " + b"a" * (MOST_HEAD - 100) + b"\r\n\r\n") == b"HTTP/1.1 200 OK\r\n"


async def test_a_body_is_no_head():
    length = 8 * MOST_HEAD
    whole = b"Content-Length: %d\r\n\r\n" % length
    assert await said(HEAD + whole, b"a" * length) == b"HTTP/1.1 200 OK\r\n"
    assert await said(HEAD + whole + b"a" * length) == b"HTTP/1.1 200 OK\r\n"
    chunks = b"1000\r\n" + b"a" * 0x1000 + b"\r\n"
    assert await said(CHUNKED + chunks * 64 + b"0\r\n\r\n") == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET", HEAD, CHUNKED, CHUNKED + b"0\r\n"])
async def test_what_never_comes_to_its_end_is_closed(sent, monkeypatch):
    monkeypatch.setattr(web_bounds, "HEAD_SECONDS", 0.05)
    monkeypatch.setattr(web_bounds, "BODY_SECONDS", 0.05)
    assert not (await said(sent)).startswith(b"HTTP/1.1 200")


async def test_who_comes_when_all_places_are_taken_is_told_when_to_come_again(monkeypatch):
    monkeypatch.setattr(web_bounds, "most_connections", lambda: 2)
    app = Starlette(routes=[Route("/", told, methods=["POST"])])
    whole = HEAD + b"Content-Length: 0\r\n\r\n"
    async with asyncio.timeout(20), serving(app, "127.0.0.1", 0) as port:
        seats = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        read, write = await asyncio.open_connection("127.0.0.1", port)
        assert b"503" in (answer := await read.read())
        assert b"retry-after: 5" in answer
        write.close()
        for read, write in seats:
            write.write(whole)
            assert await read.readline() == b"HTTP/1.1 200 OK\r\n"
            write.close()


def test_a_process_keeps_files_for_itself():
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert files // 2 <= most_connections() < files
