"""The fetcher against a server that misbehaves, on real sockets."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from shared.net import AddressRefused, Fault, Fetcher, FetchFailed, NetSettings
from tests.support.poll import eventually
from tests.support.raw_server import RawServer, plain, raw_server

LIMIT = 10_000


@dataclass
class Web:
    server: RawServer
    fetcher: Fetcher
    resolved: list[str]

    def url(self, path: str = "/") -> str:
        return f"http://open.test:{self.server.port}{path}"


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.78.0.1 open.test\n127.78.0.1 second.test\n")
    resolved: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.78.0.1"]

    settings = NetSettings(allowed_hosts_file=hosts, fetch_timeout_s=0.5, max_page_bytes=LIMIT)
    async with raw_server() as server, Fetcher(settings, resolve) as fetcher:
        yield Web(server, fetcher, resolved)


async def test_an_answer_arrives_whole(web: Web) -> None:
    web.server.answers["/a"] = plain(b"hello", 'ETag: "x"', status="404 Not Found")
    got = await web.fetcher.get(web.url("/a"), headers={"X-Test": "1"})
    assert (got.status, got.body, got.headers["etag"], got.address) == (404, b"hello", '"x"', "127.78.0.1")
    assert got.url == got.final_url == web.url("/a")
    assert b"User-Agent: Haetae/0.1 (+" in web.server.requests[0]
    assert f"Host: open.test:{web.server.port}".encode() in web.server.requests[0]
    assert b"X-Test: 1" in web.server.requests[0]


async def test_connections_are_kept_and_cookies_are_not(web: Web) -> None:
    web.server.answers["/"] = plain(b"x", "Set-Cookie: a=b")
    for _ in range(3):
        await web.fetcher.get(web.url())
    assert web.server.connections == 1
    assert not any(b"cookie" in request.lower() for request in web.server.requests)


async def test_a_fresh_fetch_has_a_connection_of_its_own(web: Web) -> None:
    web.server.answers["/"] = plain(b"x")
    await web.fetcher.get(web.url())
    await web.fetcher.get(web.url(), fresh=True)
    assert web.server.connections == 2
    assert len(web.fetcher._connections) == 1  # its own is closed


async def test_an_answer_says_what_was_sent_for_it(web: Web) -> None:
    web.server.answers["/"] = plain(b"x")
    fetched = await web.fetcher.get(web.url(), headers={"referer": "http://before.test/"})
    assert ("Referer", "http://before.test/") in fetched.sent
    assert ("Accept-Encoding", "gzip, deflate, br, zstd") in fetched.sent


async def test_redirects_are_followed_and_counted(web: Web) -> None:
    web.server.answers["/r"] = plain(b"", "Location: /end", status="302 Found")
    web.server.answers["/loop"] = plain(b"", "Location: /loop", status="301 Moved")
    web.server.answers["/end"] = plain(b"end")
    got = await web.fetcher.get(web.url("/r"))
    assert (got.url, got.final_url, got.body) == (web.url("/r"), web.url("/end"), b"end")
    assert (await web.fetcher.get(web.url("/r"), redirects=0)).status == 302
    with pytest.raises(FetchFailed, match="more than 5 redirects"):
        await web.fetcher.get(web.url("/loop"))
    assert len(web.server.requests) == 3 + 6


@pytest.mark.parametrize("charset", ["utf-8", "euc-kr"])
async def test_a_redirect_that_is_not_ascii_is_followed_as_browsers_do(web: Web, charset: str) -> None:
    path = "/등불?q=등불"
    web.server.answers["/r"] = plain(b"", "Location: {}", status="302 Found").replace(b"{}", path.encode(charset))
    web.server.answers[quote(path, safe="/?=", encoding=charset)] = plain(b"end")
    assert (await web.fetcher.get(web.url("/r"))).body == b"end"


async def test_a_redirect_to_another_origin_takes_no_secrets_along(web: Web) -> None:
    away = f"http://second.test:{web.server.port}/end"
    web.server.answers |= {
        "/here": plain(b"", "Location: /away", status="302 Found"),
        "/away": plain(b"", f"Location: {away}", status="302 Found"),
        "/end": plain(b"end"),
    }
    secrets = {"Cookie": "key=opensesame", "authorization": "Bearer opensesame", "X-Test": "1"}
    assert (await web.fetcher.get(web.url("/here"), headers=secrets)).body == b"end"
    assert [request.count(b"opensesame") for request in web.server.requests] == [2, 2, 0]
    assert b"X-Test: 1" in web.server.requests[2]


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "http://inside.test/", "http://169.254.169.254/", "file:///etc/passwd"]
)
async def test_a_redirect_to_the_inside_is_refused(web: Web, target: str) -> None:
    web.server.answers["/r"] = plain(b"", f"Location: {target}", status="302 Found")
    with pytest.raises(AddressRefused):
        await web.fetcher.get(web.url("/r"))
    assert len(web.server.requests) == 1


async def test_a_redirect_to_nonsense_is_a_failure_or_refused(web: Web) -> None:
    web.server.answers["/r"] = plain(b"", "Location: http://[", status="302 Found")
    with pytest.raises((FetchFailed, AddressRefused)):
        await web.fetcher.get(web.url("/r"))


async def test_a_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when asked first, inside when asked again. A connection asks once and uses that answer."""
    answers, connected = [["93.184.215.14"], ["127.78.0.1"]], []

    async def resolve(host: str, port: int) -> list[str]:
        return answers.pop(0)

    async def refuse(make: object, host: str, port: int, **_: object) -> None:
        connected.append(host)
        raise ConnectionRefusedError("nobody is bothered by this test")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", refuse)
    async with Fetcher(NetSettings(), resolve) as fetcher:
        with pytest.raises(FetchFailed):
            await fetcher.get("http://turning.test/")
        with pytest.raises(AddressRefused):
            await fetcher.get("http://turning.test/")
    assert connected == ["93.184.215.14"]


async def test_a_slow_drip_ends_at_the_time_limit(web: Web) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    web.server.answers["/drip"] = drip
    with pytest.raises(FetchFailed, match="no whole answer within"):
        await web.fetcher.get(web.url("/drip"))


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
async def test_a_body_beyond_the_limit_is_refused(web: Web, encoding: str) -> None:
    large = b"x" * (LIMIT + 1)
    packed = {"": large, "gzip": gzip.compress(large), "deflate": zlib.compress(large)}[encoding]
    web.server.answers["/large"] = plain(packed, f"Content-Encoding: {encoding}")
    with pytest.raises(FetchFailed, match=f"larger than {LIMIT}"):
        await web.fetcher.get(web.url("/large"))
    assert len((await web.fetcher.get(web.url("/large"), max_bytes=LIMIT + 1)).body) == LIMIT + 1


async def test_a_gzip_bomb_costs_no_memory(web: Web) -> None:
    """A hundred megabytes in a hundred kilobytes."""
    import tracemalloc

    web.server.answers["/bomb"] = plain(gzip.compress(b"\0" * 100_000_000, 9), "Content-Encoding: gzip")
    tracemalloc.start()
    with pytest.raises(FetchFailed, match="larger"):
        await web.fetcher.get(web.url("/bomb"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda data: zlib.compress(data)[2:-4]])
async def test_packed_bodies_are_unpacked(web: Web, pack) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    web.server.answers["/p"] = plain(pack(b"hello " * 100), f"Content-Encoding: {encoding}")
    assert (await web.fetcher.get(web.url("/p"))).body == b"hello " * 100


@pytest.mark.parametrize(
    "answer",
    [
        plain(b"not gzip", "Content-Encoding: gzip"),
        plain(b"x", "Content-Encoding: br"),
        b"NOT HTTP AT ALL\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 300_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    ],
)
async def test_broken_answers_are_failures(web: Web, answer: bytes) -> None:
    web.server.answers["/broken"] = answer
    with pytest.raises(FetchFailed):
        await web.fetcher.get(web.url("/broken"))


async def test_a_connection_cut_within_the_answer_is_a_failure(web: Web) -> None:
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    web.server.answers["/cut"] = cut
    with pytest.raises(FetchFailed, match="broke"):
        await web.fetcher.get(web.url("/cut"))
    assert len(web.server.requests) == 1


async def test_a_kept_connection_that_the_server_closed_is_replaced(web: Web) -> None:
    async def close_once(writer: asyncio.StreamWriter) -> None:
        web.server.answers["/idle"] = plain(b"second")
        writer.close()

    await web.fetcher.get(web.url("/none"))
    web.server.answers["/idle"] = close_once
    assert (await web.fetcher.get(web.url("/idle"))).body == b"second"
    assert (len(web.server.requests), web.server.connections) == (3, 2)


async def test_a_new_connection_that_ends_without_an_answer_is_a_failure(web: Web) -> None:
    async def close(writer: asyncio.StreamWriter) -> None:
        writer.close()

    web.server.answers["/silent"] = close
    with pytest.raises(FetchFailed, match="without an answer") as failure:
        await web.fetcher.get(web.url("/silent"))
    assert (failure.value.fault, len(web.server.requests)) == (Fault.PROTOCOL, 1)


async def test_nobody_listening_is_a_failure(web: Web) -> None:
    with pytest.raises(FetchFailed, match="no connection"):
        await web.fetcher.get("http://second.test:1/")


async def test_kept_connections_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.net.idle.MAX_IDLE", 5)
    hosts = tmp_path / "hosts"
    hosts.write_text("\n".join(f"127.78.0.1 h{n}.test" for n in range(20)))
    async with raw_server() as server, Fetcher(NetSettings(allowed_hosts_file=hosts)) as fetcher:
        server.answers["/"] = plain(b"x")
        urls = [f"http://h{n}.test:{server.port}/" for n in range(20)]
        assert {got.status for got in await asyncio.gather(*map(fetcher.get, urls))} == {200}
        for url in urls:
            await fetcher.get(url)
        assert len(fetcher._connections) == 5


async def test_a_connection_that_waits_too_long_is_closed(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.net.idle.IDLE_S", 0.05)
    web.server.answers["/"] = plain(b"x")
    await web.fetcher.get(web.url())
    assert len(web.fetcher._connections) == 1
    await eventually(lambda: len(web.fetcher._connections) == 0)
    await web.fetcher.get(web.url())
    assert web.server.connections == 2


async def test_ipv6_is_spoken_too(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("::1 six.test\n::1 ::1")
    async with raw_server("::1") as server, Fetcher(NetSettings(allowed_hosts_file=hosts)) as fetcher:
        server.answers["/"] = plain(b"six")
        got = [await fetcher.get(f"http://{host}:{server.port}/") for host in ("six.test", "[::1]")]
    assert [(one.body, one.address) for one in got] == [(b"six", "::1")] * 2
    assert f"Host: [::1]:{server.port}".encode() in server.requests[1]


async def test_a_wrong_hosts_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="HAETAE_ALLOWED_HOSTS_FILE"):
        async with Fetcher(NetSettings(allowed_hosts_file=tmp_path / "missing")):
            pass
