"""A picture that takes too much is stopped and has its outcome by name; each digest is decoded once."""

import asyncio
import io
from collections.abc import Callable

import pytest
from PIL import Image

from services.crawler.pictures import media
from services.crawler.pictures.keeping import Keeper
from services.crawler.pictures.media import Media
from services.crawler.pictures.seen import Outcome
from services.crawler.pictures.suspects import SUSPECT_S, Suspects
from shared.clock import ManualClock, SystemClock
from shared.prints.digests import digests
from shared.settings import QuarantineSettings
from tests.support.findings import picture_file


def bomb() -> bytes:
    """Of 100 KB, decoded 140 MB."""
    out = io.BytesIO()
    Image.new("RGB", (6_000, 6_000)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def made() -> Callable[[], Media]:
    return lambda: Media(Keeper(QuarantineSettings(hash_only=True), SystemClock()))


@pytest.mark.parametrize(
    ("limit", "value", "outcome"),
    [("PICTURE_BYTES", 64 * media.MIB, Outcome.MEMORY), ("PICTURE_S", 0.02, Outcome.TIME)],
)
async def test_what_takes_too_much_has_its_digest_and_a_named_outcome(
    monkeypatch: pytest.MonkeyPatch, made: Callable[[], Media], limit: str, value: float, outcome: Outcome
) -> None:
    monkeypatch.setattr(media, limit, value)
    async with made() as looking:
        named, seen = await looking.picture(bomb())
        assert named == digests(bomb())
        assert (seen.outcome, seen.pdq_dihedral) == (outcome, ())


async def test_many_at_once_are_each_decoded_once(made: Callable[[], Media], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    async with made() as looking:
        decode = looking._pictures

        async def counted(body: bytes) -> object:
            nonlocal calls
            calls += 1
            return await decode(body)

        monkeypatch.setattr(looking, "_pictures", counted)
        bodies = [picture_file(seed, size=64) for seed in (1, 2, 3)] * 5
        seen = await asyncio.gather(*map(looking.picture, bodies))
    assert calls == 3
    assert len({named.sha256 for named, _ in seen}) == 3


async def test_who_gives_up_waiting_does_not_stop_it_for_others(made: Callable[[], Media]) -> None:
    async with made() as looking:
        one, other = (asyncio.create_task(looking.picture(picture_file(9))) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        assert (await other)[1].outcome is Outcome.HASHED


async def test_while_too_much_waits_nothing_more_is_fetched(
    made: Callable[[], Media], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MOST_WAITING_BYTES", 10_000)
    async with made() as looking:
        await looking.room()
        one = asyncio.create_task(looking.picture(picture_file(9)))
        await asyncio.sleep(0)
        room = asyncio.create_task(looking.room())
        await asyncio.sleep(0)
        assert not room.done()
        await one
        await room


async def test_who_leaves_while_pictures_wait_stops_them(made: Callable[[], Media]) -> None:
    async with made() as looking:
        calls = [asyncio.create_task(looking.picture(picture_file(seed, size=64))) for seed in range(6)]
        await asyncio.sleep(0)
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(end) for end in ends} == {asyncio.CancelledError}


async def test_large_videos_that_wait_hold_up_no_picture(
    made: Callable[[], Media], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MOST_WAITING_BYTES", 1_000)
    async with made() as looking:
        film = asyncio.create_task(looking.video(bytes(100_000)))
        await asyncio.sleep(0)
        await asyncio.wait_for(looking.room(), 0.01)
        await film


async def test_suspects_take_turns_and_nobody_else_waits() -> None:
    clock = ManualClock()
    suspects = Suspects(clock)
    suspects.note("one.test", Outcome.TIME)
    suspects.note("two.test", Outcome.MEMORY)
    suspects.note("fine.test", Outcome.HASHED)

    async def turn(site: str) -> None:
        async with suspects.turn(site):
            pass

    async with suspects.turn("one.test"):
        other = asyncio.create_task(turn("two.test"))
        await turn("fine.test")
        await turn("new.test")
        assert not other.done()
    await other
    clock.advance(SUSPECT_S)
    async with suspects.turn("one.test"):
        await turn("two.test")
