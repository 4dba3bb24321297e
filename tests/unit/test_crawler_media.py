"""A picture that takes too much is stopped and has its outcome by name; each digest is decoded once."""

import asyncio
import io
from collections.abc import Callable

import pytest
from PIL import Image

from services.crawler import media
from services.crawler.keeping import Keeper
from services.crawler.media import Media
from services.crawler.seen import Outcome
from shared.clock import SystemClock
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
        sha256, seen = await looking.picture(bomb())
        assert (len(sha256), seen.outcome, seen.pdq_dihedral) == (64, outcome, ())


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
    assert len({sha256 for sha256, _ in seen}) == 3


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
