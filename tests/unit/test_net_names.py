"""Names against a real name server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from shared.clock import ManualClock
from shared.net import AddressRefused, Fault, Fetcher, FetchFailed, NetSettings
from shared.net.guard import Guard
from shared.net.names import LEAST_TTL_S, MOST_ADDRESSES, MOST_TTL_S, UNKNOWN_TTL_S, Names
from tests.support.name_server import NameServer, name_server

PUBLIC, PUBLIC_V6 = "93.184.215.14", "2606:4700::1111"


@dataclass
class Bed:
    server: NameServer
    clock: ManualClock
    names: Names


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    clock = ManualClock()
    async with name_server() as server, Names([server.at], clock.monotonic) as names:
        yield Bed(server, clock, names)


async def test_all_addresses_of_a_name_are_found(bed: Bed) -> None:
    bed.server.records["both.test"] = (300, [PUBLIC, PUBLIC_V6])
    assert sorted(await bed.names("both.test", 80)) == sorted([PUBLIC_V6, PUBLIC])


@pytest.mark.parametrize(("ttl_s", "kept_s"), [(0, LEAST_TTL_S), (100, 100), (1_000_000, MOST_TTL_S)])
async def test_a_name_is_remembered_as_long_as_it_says_within_bounds(bed: Bed, ttl_s: int, kept_s: float) -> None:
    bed.server.records["kept.test"] = (ttl_s, [PUBLIC])
    await bed.names("kept.test", 80)
    assert bed.names._known["kept.test"].until == bed.clock.monotonic() + kept_s


async def test_a_name_is_asked_for_again_when_its_time_is_up(bed: Bed) -> None:
    """With a TTL of 0 s, as c-ares has a cache of its own that knows nothing of this clock."""
    bed.server.records["kept.test"] = (0, [PUBLIC])
    await bed.names("kept.test", 80)
    bed.clock.advance(LEAST_TTL_S - 1)
    await bed.names("kept.test", 443)
    assert bed.server.times("kept.test") == 1
    bed.clock.advance(2)
    bed.server.records["kept.test"] = (0, ["93.184.215.15"])
    assert list(await bed.names("kept.test", 80)) == ["93.184.215.15"]


async def test_a_name_that_does_not_exist_is_not_asked_for_again_at_once(bed: Bed) -> None:
    for _ in range(2):
        with pytest.raises(OSError, match="no such name"):
            await bed.names("none.test", 80)
    assert bed.server.times("none.test") == 1
    bed.server.records["none.test"] = (300, [PUBLIC])
    bed.clock.advance(UNKNOWN_TTL_S + 1)
    assert list(await bed.names("none.test", 80)) == [PUBLIC]


async def test_a_server_that_fails_is_asked_again(bed: Bed) -> None:
    bed.server.failing.add("ill.test")
    with pytest.raises(OSError, match=r"Could not|server|failure"):
        await bed.names("ill.test", 80)
    bed.server.failing.clear()
    bed.server.records["ill.test"] = (300, [PUBLIC])
    assert list(await bed.names("ill.test", 80)) == [PUBLIC]


async def test_many_who_ask_at_once_are_one_question(bed: Bed) -> None:
    bed.server.records["busy.test"] = (300, [PUBLIC])
    first = asyncio.create_task(bed.names("busy.test", 80))
    others = [asyncio.create_task(bed.names("busy.test", 80)) for _ in range(20)]
    await asyncio.sleep(0)
    first.cancel()
    assert await asyncio.gather(*others) == [(PUBLIC,)] * 20
    assert bed.server.times("busy.test") == 1


async def test_what_is_remembered_is_bounded(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.net.names.MOST_NAMES", 5)
    for number in range(10):
        bed.server.records[f"n{number}.test"] = (300, [PUBLIC])
        await bed.names(f"n{number}.test", 80)
    assert len(bed.names._known) == 5
    bed.server.records["many.test"] = (300, [f"93.184.215.{number}" for number in range(50)])
    assert len(await bed.names("many.test", 80)) == MOST_ADDRESSES


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fd00::1", "64:ff9b::7f00:1"])
async def test_an_inside_address_from_the_name_server_is_refused(bed: Bed, address: str) -> None:
    bed.server.records["turning.test"] = (0, [PUBLIC, address])
    with pytest.raises(AddressRefused):
        await Guard({}, bed.names).addresses("turning.test", 80)


async def test_the_hosts_file_comes_first(bed: Bed) -> None:
    with pytest.raises(AddressRefused, match=r"localhost: its address"):
        await Guard({}, bed.names).addresses("LOCALHOST", 80)
    assert bed.server.asked == []


async def test_a_fetcher_asks_the_servers_of_its_settings() -> None:
    async with name_server() as server:
        server.records["inside.test"] = (300, ["127.0.0.1"])
        async with Fetcher(NetSettings(dns_servers=f" {server.at} ,")) as fetcher:
            with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
                await fetcher.get("http://inside.test/")
            with pytest.raises(FetchFailed) as failure:
                await fetcher.get("http://none.test/")
    assert failure.value.fault is Fault.DNS
    assert server.times("none.test") == 1
