"""No address outside the public web is ever connected to."""

import asyncio
import ipaddress
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.net import AddressRefused
from shared.net.addresses import why_not_public
from shared.net.allowed import parse_hosts
from shared.net.guard import Guard, system_resolve

PUBLIC = "93.184.215.14"
INSIDE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "4000::1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.215.14",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]
private_v4 = st.one_of(
    *(st.ip_addresses(v=4, network=network) for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12")),
    *(st.ip_addresses(v=4, network=network) for network in ("192.168.0.0/16", "169.254.0.0/16", "224.0.0.0/4")),
)


def answering(*addresses: str):
    async def resolve(host: str, port: int):
        return addresses

    return resolve


@pytest.mark.parametrize("address", INSIDE)
def test_inside_addresses_are_refused(address: str) -> None:
    assert why_not_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "2a00:1450:4001:831::200e"])
def test_public_addresses_pass(address: str) -> None:
    assert why_not_public(address) is None


@given(private_v4)
def test_a_private_address_is_refused_in_every_disguise(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    disguises = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1),
        ipaddress.IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),
        ipaddress.IPv6Address(number),
    ]
    assert all(why_not_public(str(disguise)) for disguise in [address, *disguises])


@given(private_v4)
def test_a_private_address_is_refused_in_every_notation(address: ipaddress.IPv4Address) -> None:
    number, (a, b, c, d) = int(address), address.packed
    notations = [
        f"{number}",
        f"{number:#x}",
        f"0{number:o}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"{a}.{(b << 16) | (c << 8) | d}",
        f"0{a:o}.{b}.{c}.{d}",
        f"{address}.",
        f"[::ffff:{address}]",
        f"{address}",
        f"{a}。{b}。{c}。{d}",
    ]
    for host in notations:
        with pytest.raises(AddressRefused):
            Guard({}).vet(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.test/",
        "file:///etc/passwd",
        "gopher://example.test:80/",
        "//example.test/",
        "http:///path",
        "http://example.test:22/",
        "https://example.test:8443/",
        "http://example.test:99999/",
        "http://[::1]/",
        "http://ex\x00ample.test/",
        "not a url",
        "",
        "http://example.test/" + "a" * 5000,
    ],
)
def test_unacceptable_urls_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        Guard({}).vet(url)


@given(st.text(max_size=60))
def test_no_text_breaks_the_guard(text: str) -> None:
    for url in (text, f"http://{text}/", f"http://example.test/{text}"):
        try:
            Guard({}).vet(url)
        except AddressRefused:
            continue


async def test_every_address_of_a_name_must_be_public() -> None:
    assert await Guard({}, answering(PUBLIC)).addresses("example.test", 80) == (PUBLIC,)
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
        await Guard({}, answering(PUBLIC, "127.0.0.1")).addresses("example.test", 80)


async def test_localhost_is_refused_by_the_system_resolver_too() -> None:
    for host in ("localhost", "LOCALHOST"):
        with pytest.raises(AddressRefused):
            await Guard({}).addresses(host, 80)


async def test_the_allow_list_opens_a_name_and_nothing_else() -> None:
    guard = Guard(parse_hosts("127.77.0.1 board.test"), answering("127.77.0.1"))
    assert guard.vet("http://BOARD.test:8123/x").port == 8123
    assert await guard.addresses("board.test", 8123) == ("127.77.0.1",)
    for url in ("http://127.77.0.1/", "http://other.test:8123/"):
        with pytest.raises(AddressRefused):
            guard.vet(url)
    with pytest.raises(AddressRefused):
        await guard.addresses("other.test", 80)


def test_hosts_file_errors_name_line_and_cure() -> None:
    assert parse_hosts("# c\n\n127.0.0.1 A.test b.test # x\n::1 a.test") == {
        "a.test": ("127.0.0.1", "::1"),
        "b.test": ("127.0.0.1",),
    }
    with pytest.raises(ValueError, match="line 2: 'board' is no IP address; write ADDRESS NAME"):
        parse_hosts("127.0.0.1 a.test\nboard 127.0.0.1")
    with pytest.raises(ValueError, match="line 1: no name"):
        parse_hosts("127.0.0.1")


def test_guard_needs_no_loop() -> None:
    """`vet` is pure: a refused URL costs neither a name look-up nor a loop."""
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    assert Guard({}).vet("https://example.test/").host == "example.test"


async def test_names_that_resolve_slowly_hold_up_nothing_else(monkeypatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait() and [])
    asked = [asyncio.create_task(system_resolve(f"slow-{number}.test", 80)) for number in range(40)]
    try:
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "done"), 10) == "done"
    finally:
        answered.set()
        await asyncio.gather(*asked)
