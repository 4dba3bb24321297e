"""What is in quarantine can be read for its hours, by who has the key, and never after."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.clock import ManualClock
from shared.objects.cipher import Tampered
from shared.objects.folder import FolderStore
from shared.objects.port import ObjectMissing
from shared.objects.quarantine import Quarantine, open_quarantine, store_settings, why_hash_only
from shared.settings import QuarantineSettings

HOUR = 3600.0
KEY = bytes(range(32))
DATA = b"the lantern parcel waits at gate seven"
NAME = "ab" * 32


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 1, 23, 0, tzinfo=UTC))


@pytest.fixture
def quarantine(tmp_path: Path, clock: ManualClock) -> Quarantine:
    return Quarantine(FolderStore(tmp_path), KEY, clock, 24)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


async def test_what_is_put_is_got_while_it_lives(quarantine: Quarantine, clock: ManualClock) -> None:
    await quarantine.put(NAME, DATA)
    clock.advance(24 * HOUR)  # the next day but not the last
    assert await quarantine.sweep() == ()
    assert await quarantine.get(NAME) == DATA


async def test_after_its_hours_nothing_of_the_day_is_left(
    quarantine: Quarantine, clock: ManualClock, tmp_path: Path
) -> None:
    await quarantine.put(NAME, DATA)
    clock.advance(25 * HOUR)
    await quarantine.put("cd" * 32, DATA)
    assert await quarantine.sweep() == (date(2026, 3, 1),)
    assert set(files(tmp_path)) == {"keys/2026-03-03", f"2026-03-03/{'cd' * 32}"}
    with pytest.raises(ObjectMissing):
        await quarantine.get(NAME)
    assert await quarantine.get("cd" * 32) == DATA
    assert await quarantine.sweep() == ()


async def test_what_was_copied_cannot_be_read_after_the_sweep(
    quarantine: Quarantine, clock: ManualClock, tmp_path: Path
) -> None:
    await quarantine.put(NAME, DATA)
    copied = (tmp_path / "2026-03-01" / NAME).read_bytes()
    clock.advance(25 * HOUR)
    await quarantine.sweep()
    (tmp_path / "2026-03-01").mkdir(exist_ok=True)
    (tmp_path / "2026-03-01" / NAME).write_bytes(copied)
    with pytest.raises(ObjectMissing):
        await quarantine.get(NAME)


async def test_a_sweep_that_was_interrupted_is_finished_by_the_next(
    quarantine: Quarantine, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quarantine.put(NAME, DATA)
    clock.advance(25 * HOUR)

    async def breaks(self: FolderStore, folder: str) -> int:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(FolderStore, "clear", breaks)
        with pytest.raises(RuntimeError):
            await quarantine.sweep()
    with pytest.raises(ObjectMissing):
        await quarantine.get(NAME)
    await quarantine.sweep()
    assert files(tmp_path) == {}


async def test_a_clock_that_was_ahead_costs_only_what_was_there(
    quarantine: Quarantine, clock: ManualClock, tmp_path: Path
) -> None:
    other = Quarantine(FolderStore(tmp_path), KEY, clock, 24)
    for one in (quarantine, other):
        await one.put(NAME, DATA)
    clock.advance(72 * HOUR)
    assert await quarantine.sweep() == (date(2026, 3, 1),)
    clock.advance(-72 * HOUR)
    await other.sweep()
    for number, one in enumerate((quarantine, other)):
        await one.put(f"{number}" * 64, DATA)
        assert await one.get(f"{number}" * 64) == DATA


async def test_what_is_no_day_keeps_no_day_from_ending(
    quarantine: Quarantine, clock: ManualClock, tmp_path: Path
) -> None:
    await quarantine.put(NAME, DATA)
    (tmp_path / "keys" / "notes.txt").touch()
    clock.advance(25 * HOUR)
    assert await quarantine.sweep() == (date(2026, 3, 1),)


async def test_who_has_just_read_may_read_a_minute_longer_and_no_more(
    quarantine: Quarantine, clock: ManualClock, tmp_path: Path
) -> None:
    reader = Quarantine(FolderStore(tmp_path), KEY, clock, 24)
    await quarantine.put(NAME, DATA)
    assert await reader.get(NAME) == DATA
    (tmp_path / "keys" / "2026-03-01").unlink()  # as whoever sweeps does it
    assert await reader.get(NAME) == DATA
    clock.advance(60)
    with pytest.raises(ObjectMissing):
        await reader.get(NAME)


async def test_nothing_readable_reaches_the_store(quarantine: Quarantine, tmp_path: Path) -> None:
    await quarantine.put(NAME, DATA)
    assert all(DATA[:8] not in data and KEY[:8] not in data for data in files(tmp_path).values())


async def test_writers_share_the_key_of_the_day_and_others_cannot_read(
    quarantine: Quarantine, clock: ManualClock, tmp_path: Path
) -> None:
    other = Quarantine(FolderStore(tmp_path), KEY, clock, 24)
    await quarantine.put(NAME, DATA)
    await other.put("cd" * 32, DATA)
    assert await other.get(NAME) == await quarantine.get("cd" * 32) == DATA
    with pytest.raises(Tampered, match="HAETAE_QUARANTINE_KEY is another"):
        await Quarantine(FolderStore(tmp_path), os.urandom(32), clock, 24).get(NAME)


async def test_an_object_opens_only_under_its_own_name(quarantine: Quarantine, tmp_path: Path) -> None:
    await quarantine.put(NAME, DATA)
    (tmp_path / "2026-03-01" / NAME).rename(tmp_path / "2026-03-01" / ("cd" * 32))
    with pytest.raises(Tampered):
        await quarantine.get("cd" * 32)


def settings(**given: object) -> QuarantineSettings:
    return QuarantineSettings.model_validate({"quarantine_key": SecretStr("x"), "s3_endpoint": "127.0.0.1:1", **given})


async def test_without_key_or_store_or_when_told_so_it_is_hash_only(clock: ManualClock) -> None:
    assert why_hash_only(settings(hash_only=True))
    for given in ({"quarantine_key": None}, {"s3_endpoint": None}):
        assert why_hash_only(settings(**given))
        async with open_quarantine(settings(**given), clock) as none:
            assert none is None


async def test_a_wrong_setting_is_named(clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="HAETAE_QUARANTINE_KEY must be base64 of 32 bytes"):
        async with open_quarantine(settings(), clock):
            pass
    key = SecretStr("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    with pytest.raises(ValueError, match="set HAETAE_S3_ACCESS_KEY and HAETAE_S3_SECRET_KEY"):
        async with open_quarantine(settings(quarantine_key=key), clock):
            pass


def test_a_region_that_is_named_is_not_asked_for() -> None:
    given = settings(s3_access_key="a", s3_secret_key=SecretStr("b"), s3_region="kr-1")
    assert store_settings(given).s3_region == "kr-1"
