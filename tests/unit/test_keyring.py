"""A case's key survives a change of what wraps it; a key that was destroyed survives nothing."""

import os
from datetime import UTC, date, datetime, time
from pathlib import Path
from uuid import UUID

import pytest

from shared.clock import ManualClock
from shared.objects import cipher
from shared.objects.case_keys import DESTROYED, KeyDestroyed
from shared.objects.cipher import Tampered
from shared.objects.exports import PART_BYTES, Exports
from shared.objects.folder import FolderStore
from shared.objects.keyring import Keyring, LocalKey
from shared.objects.port import ObjectMissing
from shared.objects.vault import Vault

CASE, OTHER, ORDER = UUID(int=1), UUID(int=2), UUID(int=3)
OLD, NEW = LocalKey(bytes(range(32))), LocalKey(bytes(range(32, 64)))
DATA = "보존된 페이지 — a preserved page".encode()
DAY = 24 * 3600.0


def vault(folder: Path, *wrappers: LocalKey) -> Vault:
    return Vault(FolderStore(folder / "evidence"), FolderStore(folder / "keys"), Keyring(wrappers[0], wrappers[1:]))


async def test_a_new_key_opens_what_the_former_wrapped_and_then_alone(tmp_path):
    sha256 = await vault(tmp_path, OLD).put(CASE, DATA)
    with pytest.raises(Tampered, match=r"master key \w{16}.*HAETAE_FORMER_MASTER_KEYS"):
        await vault(tmp_path, NEW).get(CASE, sha256)
    both = vault(tmp_path, NEW, OLD)
    assert await both.get(CASE, sha256) == DATA
    assert await both.keys.rewrap(CASE)
    assert not await both.keys.rewrap(CASE)
    assert await vault(tmp_path, NEW).get(CASE, sha256) == DATA
    with pytest.raises(Tampered):
        await vault(tmp_path, OLD).get(CASE, sha256)


async def test_a_key_from_before_keys_had_names_is_opened_and_rewrapped(tmp_path):
    key, first = cipher.new_key(), bytes(range(32))
    place = cipher.FORMAT + f"key {CASE}".encode()
    await FolderStore(tmp_path / "keys").put(str(CASE), cipher.close(key, first, place))
    both = vault(tmp_path, NEW, OLD)
    assert await both.keys.get(CASE) == key
    assert await both.keys.rewrap(CASE)
    assert await vault(tmp_path, NEW).keys.get(CASE) == key


async def test_rewrapping_does_not_bring_a_destroyed_key_back(tmp_path, monkeypatch):
    await vault(tmp_path, OLD).put(CASE, DATA)
    both = vault(tmp_path, NEW, OLD)
    wrap = Keyring.wrap

    async def destroyed_meanwhile(self, key, place):
        await both.destroy(CASE)
        return await wrap(self, key, place)

    monkeypatch.setattr(Keyring, "wrap", destroyed_meanwhile)
    assert not await both.keys.rewrap(CASE)
    assert (tmp_path / "keys" / str(CASE)).read_bytes() == DESTROYED
    assert await both.keys.state(CASE) == "destroyed"
    (tmp_path / "keys" / str(CASE)).unlink()  # as between the two steps of a destruction
    assert not await both.keys.rewrap(CASE)


async def test_every_case_is_listed(tmp_path):
    kept = vault(tmp_path, OLD)
    await kept.put(CASE, DATA)
    await kept.put(OTHER, DATA)
    (tmp_path / "keys" / "notes.txt").write_text("of somebody else")
    assert {case async for case in kept.keys.cases()} == {CASE, OTHER}


@pytest.fixture
async def exports(tmp_path):
    kept = vault(tmp_path, OLD)
    await kept.put(CASE, DATA)
    return Exports(FolderStore(tmp_path / "exports"), kept.keys, ManualClock())


async def got(exports: Exports) -> bytes:
    return b"".join([piece async for piece in exports.get(CASE, ORDER)])


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1])
async def test_an_export_comes_back_whole(exports, size):
    data = os.urandom(size)
    await exports.put(CASE, ORDER, b"an earlier attempt" * PART_BYTES)
    await exports.put(CASE, ORDER, data)
    assert await got(exports) == data


async def test_an_export_that_is_made_over_midnight_comes_back_whole(exports, monkeypatch):
    data, put = os.urandom(PART_BYTES + 1), FolderStore.put
    exports._clock.advance((datetime.combine(date(2026, 1, 2), time(), UTC) - exports._clock.now()).total_seconds() - 1)

    async def slowly(self, *given):
        await put(self, *given)
        exports._clock.advance(2)

    monkeypatch.setattr(FolderStore, "put", slowly)
    await exports.put(CASE, ORDER, data)
    assert await got(exports) == data


async def test_an_export_lasts_a_day_and_is_swept(exports, tmp_path):
    (tmp_path / "exports" / "2020 notes.txt").write_text("of somebody else")
    await exports.put(CASE, ORDER, DATA)
    exports._clock.advance(DAY)
    assert await exports.sweep() == 0
    assert await got(exports) == DATA
    exports._clock.advance(DAY)
    with pytest.raises(ObjectMissing, match="after a day"):
        await got(exports)
    assert await exports.sweep() == 1
    assert [path.name for path in (tmp_path / "exports").rglob("*") if path.is_file()] == ["2020 notes.txt"]


async def test_an_export_goes_with_its_case(exports, tmp_path):
    await exports.put(CASE, ORDER, DATA)
    await vault(tmp_path, OLD).destroy(CASE)
    with pytest.raises(KeyDestroyed):
        await got(exports)
    assert await exports.clear(CASE) == 1


async def test_a_part_that_was_changed_moved_or_lost_is_found(exports, tmp_path):
    await exports.put(CASE, ORDER, os.urandom(PART_BYTES + 1))
    first, second = sorted(path for path in (tmp_path / "exports").rglob("*-0002"))
    whole = second.read_bytes()
    second.write_bytes(first.read_bytes())
    with pytest.raises(Tampered):
        await got(exports)
    second.write_bytes(whole[:-1])
    with pytest.raises(Tampered):
        await got(exports)
    second.unlink()
    with pytest.raises(ObjectMissing, match="not whole"):
        await got(exports)
