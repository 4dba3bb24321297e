"""A store and its copy elsewhere: what is kept is in both before it counts, and what is destroyed is gone from both.

Read is the store alone. A kill between the two leaves something that the copy lacks: reading it again, as whoever
repeats the work does, or the next `haetae backup create` puts it there.
"""

from pathlib import Path

from shared.objects.folder import FolderStore
from shared.objects.port import ObjectStore


class Mirrored:
    """`copy` must keep neither versions nor snapshots of the bucket `keys`; destruction rests on that."""

    def __init__(self, store: ObjectStore, copy: ObjectStore) -> None:
        self._store, self._copy = store, copy

    async def put(self, name: str, data: bytes, *, media_type: str = "application/octet-stream") -> None:
        await self._store.put(name, data, media_type=media_type)
        await self._copy.put(name, data)

    async def put_new(self, name: str, data: bytes) -> bool:
        if taken := await self._store.put_new(name, data):
            await self._copy.put(name, data)
        return taken

    async def replace(self, name: str, data: bytes, former: bytes) -> bool:
        if done := await self._store.replace(name, data, former):
            await self._copy.put(name, data)
        return done

    async def get(self, name: str) -> bytes:
        data = await self._store.get(name)
        if not await self._copy.exists(name):
            await self._copy.put_new(name, data)
        return data

    async def exists(self, name: str) -> bool:
        """In both: what is only in one has to be kept again."""
        return await self._store.exists(name) and await self._copy.exists(name)

    async def delete(self, name: str) -> None:
        await self._copy.delete(name)  # the copy first: in a locked bucket the other is refused
        await self._store.delete(name)

    async def forget_former(self, name: str) -> None:
        await self._copy.forget_former(name)
        await self._store.forget_former(name)

    async def names(self, folder: str) -> list[str]:
        return await self._store.names(folder)

    async def all_names(self) -> list[str]:
        return await self._store.all_names()

    async def clear(self, folder: str) -> int:
        await self._copy.clear(folder)
        return await self._store.clear(folder)

    async def clear_beginning(self, beginning: str) -> int:
        await self._copy.clear_beginning(beginning)
        return await self._store.clear_beginning(beginning)

    async def ready(self) -> None:
        await self._store.ready()
        await self._copy.ready()


def with_copy(store: ObjectStore, folder: Path | None, bucket: str) -> ObjectStore:
    """The store alone where no folder for copies is given."""
    return Mirrored(store, FolderStore(folder / bucket)) if folder else store
