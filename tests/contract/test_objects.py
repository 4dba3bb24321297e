"""A folder and an S3 bucket are the same to whoever keeps objects in them."""

import asyncio
import os
from uuid import uuid4

import pytest

from deploy.local.buckets import S3Address
from shared.failures import Transient
from shared.objects.folder import FolderStore
from shared.objects.port import ObjectMissing
from shared.objects.s3 import S3Store
from shared.objects.vault import KeyDestroyed, open_vault
from tests.support.objects import object_settings


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "objects")
    return S3Store(object_settings(request.getfixturevalue("s3_settings")), "keys")


@pytest.fixture
def name():
    return f"cases/{uuid4()}/{uuid4().hex}"


async def test_what_is_put_is_got(store, name):
    data = os.urandom(200_000)
    await store.put(name, data, media_type="image/jpeg")
    assert await store.get(name) == data
    assert await store.exists(name)


async def test_put_replaces(store, name):
    await store.put(name, b"first")
    await store.put(name, b"")
    assert await store.get(name) == b""


async def test_put_new_is_for_the_first_only(store, name):
    assert await store.put_new(name, b"first")
    assert not await store.put_new(name, b"second")
    assert await store.get(name) == b"first"


async def test_put_new_has_one_winner(store, name):
    took = await asyncio.gather(*(store.put_new(name, f"writer {number}".encode()) for number in range(8)))
    assert took.count(True) == 1
    assert await store.get(name) == f"writer {took.index(True)}".encode()


async def test_replaced_is_only_what_is_still_there(store, name):
    assert not await store.replace(name, b"second", b"first")
    await store.put(name, b"first")
    assert not await store.replace(name, b"second", b"another")
    assert await store.replace(name, b"second", b"first")
    assert not await store.replace(name, b"third", b"first")
    assert await store.get(name) == b"second"


async def test_replacing_has_one_winner(store, name):
    await store.put(name, b"first")
    took = await asyncio.gather(*(store.replace(name, f"writer {n}".encode(), b"first") for n in range(8)))
    assert took.count(True) == 1
    assert await store.get(name) == f"writer {took.index(True)}".encode()


async def test_all_names_are_those_of_every_folder(store, name):
    await store.put(name, b"here")
    await store.put("elsewhere", b"here")
    assert {name, "elsewhere"} <= set(await store.all_names())
    assert not [one for one in await store.all_names() if one.startswith(".")]


async def test_missing_is_missing(store, name):
    with pytest.raises(ObjectMissing, match=name):
        await store.get(name)
    assert not await store.exists(name)


async def test_deleted_is_missing_and_deleting_again_is_no_error(store, name):
    await store.put(name, b"here")
    await store.delete(name)
    await store.delete(name)
    assert not await store.exists(name)
    assert await store.put_new(name, b"again")


async def test_only_that_name_is_deleted(store, name):
    await store.put(name, b"goes")
    await store.put(name + "x", b"stays")
    await store.delete(name)
    assert await store.get(name + "x") == b"stays"


async def test_former_versions_are_forgotten_and_the_newest_stays(s3_settings):
    prefix, name = f"{s3_settings.prefix}t{uuid4().hex[:8]}-", uuid4().hex
    client = s3_settings.client()
    client.make_bucket(prefix + "keys", object_lock=True)  # such a bucket keeps versions
    store = S3Store(object_settings(s3_settings).model_copy(update={"s3_bucket_prefix": prefix}), "keys")
    for data in (b"first", b"second", b"newest"):
        await store.put(name, data)
    await store.forget_former(name)
    assert len(list(client.list_objects(prefix + "keys", prefix=name, include_version=True))) == 1
    assert await store.get(name) == b"newest"


async def test_a_folder_is_listed_and_cleared_alone(store, name):
    folder = name.rpartition("/")[0]
    names = [f"{folder}/deep/a", f"{folder}/b", f"{folder}/c"]
    for one in (*names, f"{folder}x/stays"):
        await store.put(one, b"here")
    assert sorted(await store.names(folder)) == sorted(names)
    assert await store.clear(folder) == 3
    assert await store.names(folder) == []
    assert await store.clear(folder) == 0
    assert await store.get(f"{folder}x/stays") == b"here"


async def test_what_begins_so_is_cleared_alone(store, name):
    for one in (name, f"{name}-0", f"{name}-2", f"{name[:-1]}-"):
        await store.put(one, b"one")
    assert await store.clear_beginning(name) == 3
    assert await store.clear_beginning(name) == 0
    assert await store.get(f"{name[:-1]}-") == b"one"


@pytest.mark.parametrize(
    "bad", ["", "/a", "a/", "a//b", "../a", "a/../b", ".", ".hidden", "a b", "a\\b", "ü", "x" * 513]
)
async def test_names_that_could_lead_elsewhere_are_refused(store, bad):
    for act in (
        store.get,
        store.exists,
        store.delete,
        lambda name: store.put(name, b""),
        lambda n: store.put_new(n, b""),
        lambda n: store.replace(n, b"", b""),
        store.names,
        store.clear,
    ):
        with pytest.raises(ValueError, match="object name"):
            await act(bad)


async def test_ready(store):
    await store.ready()


async def test_a_missing_folder_is_transient(tmp_path):
    store = FolderStore(tmp_path / "objects")
    (tmp_path / "objects").rename(tmp_path / "elsewhere")
    with pytest.raises(Transient, match="mounted"):
        await store.ready()


async def test_a_missing_bucket_says_so(s3_settings):
    with pytest.raises(Transient, match="nowhere-to-be-found"):
        await S3Store(object_settings(s3_settings), "nowhere-to-be-found").ready()


async def test_an_s3_that_is_away_is_transient(unused_tcp_port, name):
    settings = object_settings(S3Address(f"127.0.0.1:{unused_tcp_port}", "somebody", "secret"))
    with pytest.raises(Transient, match="does not answer"):
        await S3Store(settings, "keys").get(name)


async def test_what_the_store_locks_stays_and_is_unreadable(s3_settings):
    case = uuid4()
    async with open_vault(object_settings(s3_settings)) as vault:
        sha256 = await vault.put(case, b"kept under a lock")
        assert not await vault.discard(case, sha256)
        assert await vault.digests(case) == [sha256]
        await vault.destroy(case)
        with pytest.raises(KeyDestroyed):
            await vault.get(case, sha256)


async def test_the_vault_of_the_settings_keeps_and_destroys(s3_settings):
    case = uuid4()
    async with open_vault(object_settings(s3_settings)) as vault:
        await vault.ready()
        sha256 = await vault.put(case, b"kept in two buckets")
        assert await vault.get(case, sha256) == b"kept in two buckets"
        await vault.destroy(case)
        with pytest.raises(KeyDestroyed):
            await vault.get(case, sha256)
