"""Exits: what a proxy is told, and what it is never told."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.net import AddressRefused, Fault, Fetcher, FetchFailed, NetSettings
from shared.net.exits import parse_exits, read_exits
from tests.support.authority import Authority
from tests.support.proxies import ProxyPeer, proxy_peer
from tests.support.raw_server import RawServer, plain, raw_server

SECRET = "opensesame"


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with raw_server() as made:
        made.answers["/"] = plain(b"behind")
        yield made


def settings(tmp_path: Path, *exits: str, ca_file: Path | None = None) -> NetSettings:
    hosts, file = tmp_path / "hosts", tmp_path / "exits"
    hosts.write_text("127.78.0.1 board.test")
    file.write_text("\n".join(exits))
    file.chmod(0o600)
    return NetSettings(allowed_hosts_file=hosts, exits_file=file, ca_file=ca_file, fetch_timeout_s=3)


async def test_a_socks_proxy_is_told_the_address_that_was_checked(server: RawServer, tmp_path: Path) -> None:
    async with proxy_peer("socks", ProxyPeer(login=("haetae", SECRET))) as peer:
        line = f"kr socks5h://haetae:{SECRET}@127.78.0.2:{peer.port}"
        async with Fetcher(settings(tmp_path, line)) as fetcher:
            for _ in range(2):
                got = await fetcher.get(f"http://board.test:{server.port}/", exit="kr")
                assert (got.body, got.address) == (b"behind", "127.78.0.1")
            await fetcher.get(f"http://board.test:{server.port}/")
        assert peer.asked == [("127.78.0.1", server.port)]
        assert server.connections == 2  # one by the exit and kept, one without


async def test_a_way_through_an_exit_has_time_to_be_made(server: RawServer, tmp_path: Path) -> None:
    async with proxy_peer("socks", ProxyPeer()) as peer:
        hasty = settings(tmp_path, f"kr socks5h://127.78.0.2:{peer.port}").model_copy(update={"fetch_timeout_s": 0.001})
        async with Fetcher(hasty) as fetcher:
            assert (await fetcher.get(f"http://board.test:{server.port}/", exit="kr")).body == b"behind"


async def test_a_connect_proxy_is_told_the_address_and_tls_is_with_the_site(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        raw_server(tls=authority.server("board.test")) as server,
        proxy_peer("connect", ProxyPeer()) as peer,
    ):
        server.answers["/"] = plain(b"safe")
        line = f"de http://127.78.0.2:{peer.port}"
        async with Fetcher(settings(tmp_path, line, ca_file=authority.file)) as fetcher:
            got = await fetcher.get(f"https://board.test:{server.port}/", exit="de")
        assert got.body == b"safe"
        assert peer.asked == [("127.78.0.1", server.port)]


async def test_an_onion_service_is_asked_for_by_name_through_its_exit_only(server: RawServer, tmp_path: Path) -> None:
    resolved: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["93.184.215.14"]

    async with proxy_peer("socks", ProxyPeer(leads_to="127.78.0.1")) as peer:
        peer.ports[80] = server.port
        url = f"socks5h://127.78.0.2:{peer.port}"
        async with Fetcher(settings(tmp_path, f"onion {url}", f"kr {url}"), resolve) as fetcher:
            got = await fetcher.get("http://lantern.onion/", exit="onion")
            assert (got.body, got.address) == (b"behind", "")
            for exit in (None, "kr"):
                with pytest.raises(AddressRefused, match="name the exit 'onion' for the site"):
                    await fetcher.get("http://lantern.onion/", exit=exit)
        assert peer.asked == [("lantern.onion", 80)]
    assert resolved == []


@pytest.mark.parametrize(
    "host", ["a" * 64 + ".onion", "a..onion", ".onion", "a_b%41.onion", ".".join(["a" * 60] * 5) + ".onion"]
)
async def test_what_is_no_name_of_an_onion_service_is_told_to_nobody(tmp_path: Path, host: str) -> None:
    async with (
        proxy_peer("socks", ProxyPeer()) as peer,
        Fetcher(settings(tmp_path, f"onion socks5h://127.78.0.2:{peer.port}")) as fetcher,
    ):
        for scheme in ("http", "https"):
            with pytest.raises(AddressRefused, match="no name of an onion service"):
                await fetcher.get(f"{scheme}://{host}/", exit="onion")
        assert peer.asked == []


async def test_a_clear_name_by_the_onion_exit_is_resolved_and_checked_here(tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return {"inside.test": ["10.0.0.1"], "mapped.test": ["::ffff:10.0.0.1"]}.get(host, ["93.184.215.14"])

    async with proxy_peer("socks", ProxyPeer(refuses=2)) as peer:
        line = f"onion socks5h://127.78.0.2:{peer.port}"
        async with Fetcher(settings(tmp_path, line), resolve) as fetcher:
            for host in ("inside.test", "mapped.test", "127.0.0.1", "[::ffff:127.0.0.1]"):
                with pytest.raises(AddressRefused):
                    await fetcher.get(f"http://{host}/", exit="onion")
            with pytest.raises(FetchFailed):
                await fetcher.get("http://public.test/", exit="onion")
        assert peer.asked == [("93.184.215.14", 80)]


@pytest.mark.parametrize(
    ("code", "fault"), [(1, Fault.PROXY), (2, Fault.PROXY), (4, Fault.CONNECT), (5, Fault.CONNECT)]
)
async def test_the_proxys_fault_is_told_from_the_sites(tmp_path: Path, code: int, fault: Fault) -> None:
    async with proxy_peer("socks", ProxyPeer(refuses=code)) as peer:
        line = f"kr socks5h://127.78.0.2:{peer.port}"
        async with Fetcher(settings(tmp_path, line)) as fetcher:
            with pytest.raises(FetchFailed, match="the exit 'kr' says") as failure:
                await fetcher.get("http://board.test:8000/", exit="kr")
    assert failure.value.fault is fault


async def test_what_is_wrong_with_an_exit_is_told_without_its_password(tmp_path: Path) -> None:
    async with proxy_peer("socks", ProxyPeer(login=("haetae", "another"))) as peer:
        lines = (f"bad socks5h://haetae:{SECRET}@127.78.0.2:{peer.port}", f"dead http://haetae:{SECRET}@127.78.0.9:1")
        async with Fetcher(settings(tmp_path, *lines)) as fetcher:
            for exit, says in (("bad", "authentication"), ("dead", "no connection"), ("none", "there is no exit")):
                with pytest.raises(FetchFailed, match=says) as failure:
                    await fetcher.get("http://board.test:8000/", exit=exit)
                assert failure.value.fault is Fault.PROXY
                assert SECRET not in repr(failure.value) + repr(failure.value.__cause__)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("kr", "line 2: write NAME SCHEME"),
        ("KR socks5h://a:1", "a name has a-z"),
        ("kr socks4://a:1", "no known scheme"),
        ("kr https://a:1", "no known scheme"),
        ("kr socks5h://a", "no host and port"),
        ("kr socks5h://a:99999", "no URL of a proxy"),
        ("kr socks5h://a:1/path", "no host and port"),
        ("kr socks5h://user@a:1", "user and password go together"),
        ("de http://a:1", "a second exit 'de'"),
        (f"kr ftp://user:{SECRET}@a:1", "no known scheme"),
    ],
)
def test_a_wrong_line_is_named_with_its_cure_and_not_repeated(line: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as failure:
        parse_exits(f"de http://b:2\n{line}")
    assert "line 2" in str(failure.value)
    assert SECRET not in str(failure.value)


def test_an_exit_does_not_show_its_password(tmp_path: Path) -> None:
    exits = parse_exits(f"# ways\n\nkr socks5h://haetae:{SECRET}%21@[::1]:1080\n")
    assert (exits["kr"].password, exits["kr"].host, exits["kr"].kind) == (f"{SECRET}!", "::1", "socks5")
    assert SECRET not in repr(exits)
    with pytest.raises(ValueError, match=r"HAETAE_EXITS_FILE: .*cannot be read"):
        read_exits(tmp_path / "missing")
    assert read_exits(None) == {}


def test_a_file_with_a_password_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "exits"
    file.write_text("kr socks5h://10.0.0.7:1080\n")
    file.chmod(0o644)
    assert list(read_exits(file)) == ["kr"]
    file.write_text(f"kr socks5h://haetae:{SECRET}@10.0.0.7:1080\n")
    with pytest.raises(ValueError, match=f"everybody on this machine may read it; run `chmod o= {file}`") as failure:
        read_exits(file)
    assert SECRET not in str(failure.value)
    file.chmod(0o640)
    assert list(read_exits(file)) == ["kr"]


@given(st.text(max_size=80))
def test_no_text_breaks_the_exits_file(text: str) -> None:
    for lines in (text, f"kr {text}", f"kr socks5h://{text}"):
        with suppress(ValueError):
            assert all(exit.port and exit.host for exit in parse_exits(lines).values())
