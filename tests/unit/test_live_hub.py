"""The bounds of live updates, without a database."""

from contextlib import AsyncExitStack
from typing import cast
from uuid import UUID

from services.gateway.live.feed import Change
from services.gateway.live.hub import MOST_OF_ONE, Hub
from services.gateway.live.listener import MOST_WAITING, RESYNC
from shared.clock import ManualClock
from shared.database import Database


def hub() -> Hub:
    return Hub(cast(Database, None), ManualClock())


def change(number: int, agency: str) -> Change:
    at = ManualClock().now()
    return Change(xid=1, position=number, agency=agency, case_id=UUID(int=number), kind="changed", actor=None, at=at)


async def test_who_opens_many_streams_at_once_gets_no_more_than_one_by_one() -> None:
    """All of them were checked before the first one counted."""
    full = hub()
    async with AsyncExitStack() as streams:
        open_ = [await streams.enter_async_context(full.listening("home", "kim")) for _ in range(MOST_OF_ONE + 1)]
        assert await open_[-1].take(60) is None
        other = await streams.enter_async_context(full.listening("home", "lee"))
        await full._tell([change(1, "home")])
        assert [await one.take(60) for one in (open_[0], other)] == [await open_[1].take(60)] * 2 != [None] * 2


async def test_who_comes_back_hears_what_was_missed_in_order_or_that_it_was_too_much() -> None:
    busy = hub()
    await busy._tell([change(number, "home" if number % 2 else "other") for number in range(1, 21)])
    async with busy.listening("home", "kim", "1.11") as listener:
        told = (await listener.take(60) or b"").decode()
        assert [line for line in told.splitlines() if line.startswith("id")] == [
            "id: 1.13",
            "id: 1.15",
            "id: 1.17",
            "id: 1.19",
        ]
    await busy._tell([change(number, "home") for number in range(21, 23 + MOST_WAITING)])
    for junk in ("1.11", "no place", "-1.5", "9" * 30 + ".1"):
        async with busy.listening("home", "kim", junk) as listener:
            assert (await listener.take(60) or b"").startswith(RESYNC)
