"""Evidence and its keys, copied into an archive and back. What is destroyed stays so: a mark is never undone."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from deploy.local.archive import Archive
from shared.objects.case_keys import DESTROYED
from shared.objects.folder import FolderStore
from shared.objects.port import ObjectMissing, ObjectStore
from shared.objects.s3 import S3Store
from shared.objects.vault import MAX_SEALED_BYTES
from shared.plain_files import SMALL
from shared.settings import S3Settings

AT_ONCE = 8  # objects in memory: 32 MiB each at most
EVIDENCE, KEYS = "evidence", "keys"
OF_CASE = re.compile(r"cases/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/[0-9a-f]{64}")


def kept_in(archive: Archive) -> tuple[FolderStore, FolderStore]:
    """Evidence and keys of the archive."""
    evidence, keys = archive.path / EVIDENCE, archive.path / KEYS
    if links := [str(folder) for folder in (evidence, keys) if folder.is_symlink()]:
        raise ValueError(f"{' and '.join(links)} leads elsewhere: an archive is a folder without links, remove it")
    return FolderStore(evidence, MAX_SEALED_BYTES), FolderStore(keys, SMALL)


def buckets(settings: S3Settings) -> tuple[S3Store, S3Store]:
    return S3Store(settings, EVIDENCE), S3Store(settings, KEYS)


async def copy(settings: S3Settings, archive: Archive) -> tuple[int, int, int]:
    """What the archive lacks; new objects, changed keys, cases that are destroyed. Keys after the objects: evidence
    whose key is not there yet is nothing, a key without evidence costs nothing."""
    (evidence, keys), (kept_evidence, kept_keys) = buckets(settings), kept_in(archive)
    try:
        there = set(await kept_evidence.all_names())
        new = [name for name in await evidence.all_names() if name not in there]
        await each(new, lambda name: _copied(name, evidence, kept_evidence))
        changed, destroyed = 0, set[UUID]()

        async def key(name: str) -> None:
            nonlocal changed
            value, former = await keys.get(name), await _there(kept_keys, name)
            if value == DESTROYED:
                destroyed.add(UUID(name))
            if former == DESTROYED != value and await keys.get(name) != DESTROYED:  # the store is marked first
                raise ValueError(f"{KEYS}/{name} is destroyed in {archive.path} and lives here: who may write there?")
            if value != former and former != DESTROYED:
                await kept_keys.put(name, value)
                changed += 1

        await each(await keys.all_names(), key)
    finally:
        evidence.close()
        keys.close()
    await forget(kept_evidence, destroyed)
    return len(new), changed, len(destroyed)


async def forget(kept: ObjectStore, destroyed: Iterable[UUID]) -> None:
    """Nobody can read what is left of a destroyed case, and nobody needs it."""
    for case in destroyed:
        await kept.clear(f"cases/{case}")


async def destroyed_in(archive: Archive) -> set[UUID]:
    """Cases whose destruction reached the archive."""
    _, keys = kept_in(archive)
    return {case_of_key(name) for name in await keys.all_names() if await keys.get(name) == DESTROYED}


async def put_back(archive: Archive, settings: S3Settings, destroyed: set[UUID]) -> tuple[int, int]:
    """Into empty buckets: objects and keys that were put. `destroyed`: of these the mark alone comes back."""
    (evidence, keys), (kept_evidence, kept_keys) = buckets(settings), kept_in(archive)
    gone = {str(case) for case in destroyed}
    try:
        names = [name for name in await kept_evidence.all_names() if case_of(name) not in gone]
        await each(names, lambda name: _copied(name, kept_evidence, evidence))
        key_names = [name for name in await kept_keys.all_names() if name not in gone]
        await each(key_names, lambda name: _copied(name, kept_keys, keys))
        await each(gone, lambda name: _marked(name, keys))
    finally:
        evidence.close()
        keys.close()
    return len(names), len(key_names)


def case_of(name: str) -> str:
    """Of an object's name. Raises `ValueError` for one that evidence does not have."""
    if not (found := OF_CASE.fullmatch(name)):
        raise ValueError(f"{EVIDENCE}/{name[:80]} in the archive is no object of a case: remove it, then do it again")
    return found[1]


def case_of_key(name: str) -> UUID:
    """Raises `ValueError` for a file that is no key."""
    try:
        return UUID(name)
    except ValueError as error:
        raise ValueError(
            f"{KEYS}/{name[:80]} in the archive is no key of a case: remove it, then do it again"
        ) from error


async def destroy_again(settings: S3Settings, destroyed: set[UUID]) -> None:
    """A store that was brought back has keys of before: the mark takes the place of each."""
    _, keys = buckets(settings)
    try:
        await each(map(str, destroyed), lambda name: _marked(name, keys))
    finally:
        keys.close()


async def each(names: Iterable[str], work: Callable[[str], Awaitable[None]]) -> None:
    """Some at once; the first failure ends it."""
    left = iter(list(names))

    async def worker() -> None:
        for name in left:
            await work(name)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


async def _copied(name: str, source: ObjectStore, target: ObjectStore) -> None:
    try:
        data = await source.get(name)
    except ObjectMissing:  # discarded meanwhile
        return
    await target.put(name, data)


async def _marked(name: str, keys: ObjectStore) -> None:
    await keys.put(name, DESTROYED)
    await keys.forget_former(name)


async def _there(store: ObjectStore, name: str) -> bytes | None:
    try:
        return await store.get(name)
    except ObjectMissing:
        return None
