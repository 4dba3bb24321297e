"""TLS and HTTP/2 on real sockets, with certificates of a made authority."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from shared.net import Fault, Fetcher, FetchFailed, NetSettings, dialing, http2
from tests.support.authority import Authority
from tests.support.h2_server import H2Server, h2_server, page
from tests.support.poll import eventually
from tests.support.raw_server import plain, raw_server

LIMIT = 100_000


@dataclass
class Bed:
    authority: Authority
    fetcher: Fetcher


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    authority = Authority(tmp_path)
    hosts = tmp_path / "hosts"
    hosts.write_text("127.78.0.1 safe.test other.test")
    settings = NetSettings(
        allowed_hosts_file=hosts, ca_file=authority.file, max_page_bytes=LIMIT, fetch_timeout_s=2, slow_after_s=0.2
    )
    async with Fetcher(settings) as fetcher:
        yield Bed(authority, fetcher)


@pytest.fixture
async def h2(bed: Bed) -> AsyncIterator[H2Server]:
    async with h2_server(bed.authority.server("safe.test", alpn=("h2", "http/1.1"))) as server:
        yield server


async def test_a_page_comes_over_tls_and_the_connection_is_kept(bed: Bed) -> None:
    async with raw_server(tls=bed.authority.server("safe.test")) as server:
        server.answers["/"] = plain(b"safe")
        got = [await bed.fetcher.get(f"https://safe.test:{server.port}/") for _ in range(3)]
        assert [(one.body, one.http_version, one.address) for one in got] == [(b"safe", "HTTP/1.1", "127.78.0.1")] * 3
        assert server.connections == 1


@pytest.mark.parametrize(
    ("host", "options", "says"),
    [
        ("other.test", {}, "for another name"),
        ("safe.test", {"expired": True}, "has expired"),
        ("safe.test", {"self_signed": True}, "signed by itself"),
    ],
)
async def test_a_bad_certificate_is_told_in_words(bed: Bed, host: str, options: dict[str, bool], says: str) -> None:
    async with raw_server(tls=bed.authority.server("safe.test", **options)) as server:
        with pytest.raises(FetchFailed, match=says) as failure:
            await bed.fetcher.get(f"https://{host}:{server.port}/")
        assert failure.value.fault is Fault.TLS
        assert server.requests == []


async def test_an_authority_that_nobody_knows_is_not_trusted(bed: Bed, tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    async with raw_server(tls=Authority(tmp_path / "foreign", "Foreign authority").server("safe.test")) as server:
        with pytest.raises(FetchFailed, match="signed by an authority that nobody here knows"):
            await bed.fetcher.get(f"https://safe.test:{server.port}/")


async def test_tls_asked_of_a_server_without_is_a_failure(bed: Bed) -> None:
    async def complain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(complain, "127.78.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FetchFailed, match="does not speak TLS") as failure:
            await bed.fetcher.get(f"https://safe.test:{port}/")
    assert failure.value.fault is Fault.TLS


async def test_a_handshake_that_is_broken_off_is_a_failure_of_tls(bed: Bed) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.transport.abort()

    async with await asyncio.start_server(leave, "127.78.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FetchFailed, match="broke off") as failure:
            await bed.fetcher.get(f"https://safe.test:{port}/")
    assert failure.value.fault is Fault.TLS


async def test_a_dead_address_leaves_time_for_the_others(
    bed: Bed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(dialing, "WITH_OTHERS_S", 0.1)
    (tmp_path / "hosts").write_text("127.78.0.9 safe.test\n127.78.0.8 safe.test\n127.78.0.1 safe.test")
    async with raw_server(tls=bed.authority.server("safe.test")) as server, Fetcher(bed.fetcher.settings) as fetcher:
        server.answers["/"] = plain(b"shown")
        async with (
            await asyncio.start_server(say_nothing, "127.78.0.9", server.port),
            await asyncio.start_server(say_nothing, "127.78.0.8", server.port),
        ):
            assert (await fetcher.get(f"https://safe.test:{server.port}/")).body == b"shown"


async def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ValueError, match=r"HAETAE_CA_FILE: .*ca.pem holds no certificates"):
        async with Fetcher(NetSettings(ca_file=tmp_path / "ca.pem")):
            pass


async def test_http2_is_spoken_where_the_server_does(bed: Bed, h2: H2Server) -> None:
    large = b"page " * 15_000
    h2.answers["/a?b=1"] = page(
        gzip.compress(large), ("content-encoding", "gzip"), ("set-cookie", "a=1"), ("set-cookie", "b=2")
    )
    got = [
        await bed.fetcher.get(f"https://safe.test:{h2.port}/a?b=1", headers={"If-None-Match": '"x"'}) for _ in range(3)
    ]
    assert [(one.status, one.body == large, one.http_version) for one in got] == [(200, True, "HTTP/2")] * 3
    assert [value for name, value in got[0].raw_headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert h2.connections == 1
    assert h2.requests[0][":authority"] == f"safe.test:{h2.port}"
    assert h2.requests[0]["if-none-match"] == '"x"'


def resets(connection: H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200")])
    connection.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)


def says_goodbye(connection: H2Connection, stream: int) -> None:
    connection.close_connection(last_stream_id=0)


def floods_with_headers(connection: H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200"), *((f"x-{n}", "v") for n in range(300))])


def floods_with_interim_answers(connection: H2Connection, stream: int) -> None:
    for _ in range(20):
        connection.send_headers(stream, [(":status", "103")])


def promises_more_than_it_sends(connection: H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200"), ("content-length", "100")])
    connection.send_data(stream, b"short", end_stream=True)


def says_a_status_beyond_numbers(connection: H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "99999999999999")], end_stream=True)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (says_a_status_beyond_numbers, Fault.PROTOCOL),
        (resets, Fault.TRUNCATED),
        (says_goodbye, Fault.PROTOCOL),
        (floods_with_headers, Fault.HEADERS),
        (floods_with_interim_answers, Fault.PROTOCOL),
        (promises_more_than_it_sends, Fault.TRUNCATED),
        (page(b"x" * (LIMIT + 1)), Fault.TOO_LARGE),
        (page(gzip.compress(b"\0" * 10_000_000), ("content-encoding", "gzip")), Fault.BOMB),
    ],
)
async def test_a_hostile_http2_answer_has_its_name(
    bed: Bed, h2: H2Server, answer: Callable[[H2Connection, int], None], fault: Fault
) -> None:
    h2.answers |= {"/": answer, "/good": page(b"good")}
    with pytest.raises(FetchFailed) as failure:
        await bed.fetcher.get(f"https://safe.test:{h2.port}/")
    assert failure.value.fault is fault
    assert (await bed.fetcher.get(f"https://safe.test:{h2.port}/good")).body == b"good"


async def test_a_kept_http2_connection_that_was_closed_is_replaced(bed: Bed, h2: H2Server) -> None:
    def last(connection: H2Connection, stream: int) -> None:
        page(b"last")(connection, stream)
        connection.close_connection()

    h2.answers |= {"/last": last, "/": page(b"new")}
    assert (await bed.fetcher.get(f"https://safe.test:{h2.port}/last")).body == b"last"
    assert (await bed.fetcher.get(f"https://safe.test:{h2.port}/")).body == b"new"
    assert h2.connections == 2


async def test_a_kept_http2_connection_that_takes_no_more_requests_is_replaced(bed: Bed, h2: H2Server) -> None:
    def closes_its_doors(connection: H2Connection, stream: int) -> None:
        page(b"first")(connection, stream)
        connection.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 0})

    def takes_the_first_only(connection: H2Connection, stream: int) -> None:
        if stream == 1:
            page(b"first")(connection, stream)
        else:
            connection.close_connection(last_stream_id=1)

    for number, answer in enumerate((closes_its_doors, takes_the_first_only), 1):
        h2.answers["/"] = answer
        for _ in range(4):
            assert (await bed.fetcher.get(f"https://safe.test:{h2.port}/")).body == b"first"
        assert h2.connections == 4 * number
        await eventually(lambda: h2.open <= 1)


async def test_a_waiting_http2_connection_that_is_talked_at_is_closed(bed: Bed, h2: H2Server) -> None:
    def then_pings(connection: H2Connection, stream: int) -> None:
        page(b"good")(connection, stream)
        asyncio.get_running_loop().call_later(0.05, h2.say, b"\0\0\x08\x06\0\0\0\0\0lanterns" * 2_000)

    h2.answers["/"] = then_pings
    assert (await bed.fetcher.get(f"https://safe.test:{h2.port}/")).body == b"good"
    await eventually(lambda: h2.open == 0)


async def test_an_http2_connection_is_not_kept_for_ever(
    bed: Bed, h2: H2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2, "LAST_STREAM", 5)
    h2.answers["/"] = page(b"good")
    for _ in range(6):
        await bed.fetcher.get(f"https://safe.test:{h2.port}/")
    assert h2.connections == 2


async def test_no_secret_is_logged(bed: Bed, h2: H2Server, caplog: pytest.LogCaptureFixture) -> None:
    h2.answers["/"] = page(b"good")
    with caplog.at_level(logging.DEBUG):
        await bed.fetcher.get(f"https://safe.test:{h2.port}/", headers={"Cookie": "session=paper-boat"})
    assert "paper-boat" not in caplog.text
