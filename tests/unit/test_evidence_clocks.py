"""Our clock beside a time server's: over a real socket, and against answers that must not be believed."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evidence.circumstances import clocks, sntp
from services.evidence.circumstances.clocks import AGAIN_S, Clocks
from services.evidence.circumstances.conditions import clock_facts, site_clock
from services.evidence.circumstances.sntp import NoTime, address_of, moment, offset
from shared.clock import ManualClock, SystemClock
from tests.support.captures import exchange
from tests.support.time_server import TimeServer, stamp, time_server

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NONCE = b"lanterns"


@pytest.fixture
async def server() -> AsyncIterator[TimeServer]:
    async with time_server() as made:
        yield made


@pytest.mark.parametrize("ahead_s", [0, 3, -4000, 90 * 86400])
async def test_the_offset_of_our_clock_is_found(server: TimeServer, ahead_s: int) -> None:
    server.ahead = timedelta(seconds=ahead_s)
    found = await sntp.ask(server.at, SystemClock(), 2.0)
    assert abs(found.offset_ms - ahead_s * 1000) <= found.round_trip_ms + 1
    assert found.stratum == 2


async def test_servers_are_asked_now_and_then_and_each_tells_for_itself(server: TimeServer) -> None:
    clock = ManualClock()
    server.clock, server.ahead = clock, timedelta(milliseconds=250)
    compared = Clocks(f"{server.at}, nobody.invalid:x", clock)
    first, other = await compared.compared()
    assert first.offset is not None
    assert (first.offset.offset_ms, first.offset.round_trip_ms, first.failure) == (250, 0, "")
    assert other.offset is None
    assert "HAETAE_NTP_SERVERS" in other.failure
    await compared.compared()
    assert server.asked == 1
    clock.advance(AGAIN_S)
    told = clock_facts(clock.now(), await compared.compared())
    assert server.asked == 2
    assert [one["offset_ms"] for one in told["servers"]] == [250, None]


async def test_a_server_that_says_nothing_is_given_up(server: TimeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "ASK_S", 0.05)
    server.silent = True
    (one,) = await Clocks(server.at, SystemClock()).compared()
    assert one.failure == "no answer within 0.05 s"


async def test_nobody_is_asked_when_none_is_set() -> None:
    assert await Clocks(" , ", SystemClock()).compared() == ()


def answered(first: int = 4 << 3 | 4, stratum: int = 1, nonce: bytes = NONCE, at: datetime = NOW) -> bytes:
    return bytes([first, stratum]) + bytes(22) + nonce + stamp(at) * 2


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (answered()[:47], "an answer of 47 bytes"),
        (answered(nonce=b"strange!"), "another question"),
        (answered(first=4 << 3 | 3), "another question"),
        (answered(first=3 << 6 | 4 << 3 | 4), "no time to give"),
        (answered(stratum=0), "no time to give"),
        (answered(stratum=16), "no time to give"),
        (answered()[:32] + bytes(16), "no time to give"),
    ],
)
def test_an_answer_that_must_not_be_believed_is_named(answer: bytes, says: str) -> None:
    with pytest.raises(NoTime, match=says):
        offset(answer, NONCE, NOW, NOW)


@given(st.binary(max_size=64))
def test_any_answer_is_read_or_named(answer: bytes) -> None:
    with suppress(NoTime):
        offset(answer, answer[24:32], NOW, NOW)


def test_half_of_the_way_is_taken_off() -> None:
    found = offset(answered(at=NOW + timedelta(milliseconds=500)), NONCE, NOW, NOW + timedelta(milliseconds=100))
    assert (found.offset_ms, found.round_trip_ms) == (450, 100)


@pytest.mark.parametrize("year", [1970, 2026, 2035, 2037, 2105, 2200])
def test_a_moment_is_of_the_era_that_is_nearest(year: int) -> None:
    at = datetime(year, 6, 1, tzinfo=UTC)
    assert moment(stamp(at), at + timedelta(days=3000)) == at


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("time.test", ("time.test", 123)), ("time.test:1123", ("time.test", 1123)), ("::1", ("::1", 123)),
        ("[::1]:1123", ("::1", 1123)), ("[::1]", ("::1", 123)),
    ],
)  # fmt: skip
def test_servers_have_one_notation(server: str, address: tuple[str, int]) -> None:
    assert address_of(server) == address


@pytest.mark.parametrize("server", [":123", "time.test:x", "time.test:99999", "[]:1"])
def test_a_server_in_another_notation_is_named(server: str) -> None:
    with pytest.raises(NoTime, match="write HOST or HOST:PORT"):
        address_of(server)


def test_what_the_site_says_the_time_is() -> None:
    told = site_clock(exchange("http://a.test/", b"", date="Sun, 22 Nov 2026 09:00:03 GMT"))
    assert told == {"date": "Sun, 22 Nov 2026 09:00:03 GMT", "offset_ms": 2000}
    words = site_clock(exchange("http://a.test/", b"", date="Sun, 22 Nov 2026 09:00:03 GMT (The lantern parcel waits)"))
    assert words
    assert "parcel" not in str(words["date"])
    for date in ("", "yesterday", "Sun, 99 Nov 2026", "1" * 5000, "Sun, 22 Nov " + "9" * 20 + " 09:00:00 GMT"):
        assert site_clock(exchange("http://a.test/", b"", date=date)) is None
