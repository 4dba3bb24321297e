"""What is kept of a case comes back exactly, or not at all."""

import asyncio
import hashlib
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.failures import Rejected
from shared.objects import cipher
from shared.objects.folder import FolderStore
from shared.objects.keyring import key_of
from shared.objects.vault import MAX_OBJECT_BYTES, KeyDestroyed, ObjectMissing, Tampered, Vault

CASE, OTHER = UUID(int=1), UUID(int=2)
MASTER = bytes(range(32))
DATA = "보존된 페이지 — a preserved page".encode()


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def vault(folder):
    return make_vault(folder)


def make_vault(folder: Path, key: bytes = MASTER) -> Vault:
    return Vault(FolderStore(folder / "evidence"), FolderStore(folder / "keys"), key)


def stored(folder: Path, case: UUID, sha256: str) -> Path:
    return folder / "evidence" / "cases" / str(case) / sha256


@given(st.binary(max_size=2_000))
@settings(max_examples=30)
async def test_round_trip(data):
    with TemporaryDirectory() as folder:
        vault, case = make_vault(Path(folder)), uuid4()
        sha256 = await vault.put(case, data)
        assert sha256 == hashlib.sha256(data).hexdigest()
        assert await vault.get(case, sha256) == data


async def test_nothing_readable_reaches_the_store(vault, folder):
    await vault.put(CASE, DATA)
    assert all(DATA[:8] not in path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_twice_is_once(vault, folder):
    sha256 = await vault.put(CASE, DATA)
    before = stored(folder, CASE, sha256).read_bytes()
    assert await vault.put(CASE, DATA) == sha256
    assert stored(folder, CASE, sha256).read_bytes() == before


async def test_writers_at_once_share_the_first_ones_key(vault):
    pieces = [f"piece {number}".encode() for number in range(8)]
    digests = await asyncio.gather(*(vault.put(CASE, piece) for piece in pieces))
    assert [await vault.get(CASE, sha256) for sha256 in digests] == pieces


async def test_many_at_once_are_what_they_are_one_by_one(vault):
    pieces = [b"one", b"two", b"one"]
    digests = await vault.put_all(CASE, pieces)
    assert digests == tuple(hashlib.sha256(piece).hexdigest() for piece in pieces)
    assert [await vault.get(CASE, sha256) for sha256 in digests] == pieces


@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
@settings(max_examples=60)
def test_a_flipped_bit_anywhere_is_found(position, bit):
    sealed = bytearray(cipher.seal(DATA, MASTER, CASE, "ab"))
    sealed[position % len(sealed)] ^= 1 << bit
    with pytest.raises(Tampered):
        cipher.unseal(bytes(sealed), MASTER, CASE, "ab")


@given(st.integers(min_value=0))
def test_a_shortened_value_is_found(length):
    sealed = cipher.seal(DATA, MASTER, CASE, "ab")
    with pytest.raises(Tampered):
        cipher.unseal(sealed[: length % len(sealed)], MASTER, CASE, "ab")


async def test_an_object_moved_to_another_name_or_case_is_found(vault, folder):
    first, second = await vault.put(CASE, b"first"), await vault.put(CASE, b"second")
    other = await vault.put(OTHER, b"first")
    stored(folder, CASE, second).write_bytes(stored(folder, CASE, first).read_bytes())
    stored(folder, OTHER, other).write_bytes(stored(folder, CASE, first).read_bytes())
    with pytest.raises(Tampered):
        await vault.get(CASE, second)
    with pytest.raises(Tampered):
        await vault.get(OTHER, other)


async def test_another_cases_key_does_not_open_it(vault, folder):
    sha256 = await vault.put(CASE, DATA)
    await vault.put(OTHER, DATA)
    (folder / "keys" / str(CASE)).write_bytes((folder / "keys" / str(OTHER)).read_bytes())
    with pytest.raises(Tampered, match="wrapped key"):
        await vault.get(CASE, sha256)


async def test_another_master_key_opens_nothing(vault, folder):
    sha256 = await vault.put(CASE, DATA)
    with pytest.raises(Tampered, match="HAETAE_MASTER_KEY"):
        await make_vault(folder, bytes(32)).get(CASE, sha256)


async def test_destroyed_is_unreadable_for_good(vault):
    digests = [await vault.put(CASE, DATA), await vault.put(CASE, b"more")]
    kept = await vault.put(OTHER, DATA)
    assert not await vault.destroyed(CASE)
    assert not await vault.destroyed(UUID(int=9))
    await vault.destroy(CASE)
    await vault.destroy(CASE)
    assert await vault.destroyed(CASE)
    for sha256 in digests:
        with pytest.raises(KeyDestroyed):
            await vault.get(CASE, sha256)
    with pytest.raises(KeyDestroyed):
        await vault.put(CASE, DATA)
    assert await vault.get(OTHER, kept) == DATA


async def test_what_lies_under_a_lost_key_is_written_again(vault, folder):
    sha256 = await vault.put(CASE, DATA)
    (folder / "keys" / str(CASE)).unlink()
    with pytest.raises(KeyDestroyed):
        await vault.get(CASE, sha256)
    await vault.put(CASE, DATA)
    assert await vault.get(CASE, sha256) == DATA


async def test_what_was_never_kept_is_missing(vault):
    with pytest.raises(ObjectMissing):
        await vault.get(CASE, "0" * 64)


async def test_what_lies_there_is_listed_and_discarded_one_by_one(vault):
    digests = await vault.put_all(CASE, [b"one", b"two"])
    await vault.put(OTHER, b"one")
    assert sorted(await vault.digests(CASE)) == sorted(digests)
    assert await vault.discard(CASE, digests[0])
    assert await vault.digests(CASE) == [digests[1]]
    assert len(await vault.digests(OTHER)) == 1


async def test_too_large_is_refused(vault, monkeypatch):
    monkeypatch.setattr("shared.objects.vault.MAX_OBJECT_BYTES", 10)
    with pytest.raises(Rejected, match="10"):
        await vault.put(CASE, b"eleven byte")
    assert MAX_OBJECT_BYTES == 32 * 1024 * 1024


def test_a_master_key_of_another_size_is_refused(folder):
    with pytest.raises(ValueError, match="16 bytes"):
        make_vault(folder, os.urandom(16))


@pytest.mark.parametrize("setting", ["", "not base64!", "c2hvcnQ="])
def test_a_wrong_master_key_setting_names_variable_and_cure(setting):
    with pytest.raises(ValueError, match=r"HAETAE_MASTER_KEY .*head -c 32") as raised:
        key_of(SecretStr(setting), "HAETAE_MASTER_KEY")
    assert not setting or setting not in str(raised.value)
