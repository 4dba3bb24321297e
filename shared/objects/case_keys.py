"""The keys of cases in their bucket: <case_id> is the case's key, wrapped, or the mark that it was destroyed."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Literal
from uuid import UUID

from shared.failures import Rejected
from shared.objects import cipher
from shared.objects.keyring import Wrapper
from shared.objects.port import ObjectMissing, ObjectStore

DESTROYED = b"destroyed\n"


class KeyDestroyed(Rejected):
    """The case's key is gone: nothing of the case can be read again, and nothing more is kept of it."""


class CaseKeys:
    """`store` must not keep versions or copies of what is replaced there; destruction rests on that."""

    def __init__(self, store: ObjectStore, wrapper: Wrapper) -> None:
        self._store, self._wrapper = store, wrapper

    async def get(self, case_id: UUID) -> bytes:
        """Raises `KeyDestroyed`, `Tampered`."""
        try:
            return await self._unwrapped(case_id, await self._store.get(str(case_id)))
        except ObjectMissing:
            raise KeyDestroyed(f"the key of case {case_id} is gone") from None

    async def get_or_make(self, case_id: UUID) -> tuple[bytes, bool]:
        """The case's key, and whether it was made just now. Whoever comes second uses the first's."""
        name = str(case_id)
        try:
            return await self._unwrapped(case_id, await self._store.get(name)), False
        except ObjectMissing:
            key = cipher.new_key()
        if await self._store.put_new(name, await self._wrapper.wrap(key, _place(case_id))):
            return key, True
        return await self._unwrapped(case_id, await self._store.get(name)), False

    async def new_elsewhere(self, place: bytes) -> tuple[bytes, bytes]:
        """A new key for what belongs to no case, and the same wrapped: whoever asks keeps that."""
        key = cipher.new_key()
        return key, await self._wrapper.wrap(key, place)

    async def open_elsewhere(self, wrapped: bytes, place: bytes) -> bytes:
        """Raises `Tampered`."""
        return await self._wrapper.unwrap(wrapped, place)

    async def current_elsewhere(self, wrapped: bytes) -> bool:
        """Whether the newest wrapping key wrapped it."""
        return await self._wrapper.current(wrapped)

    async def rewrapped_elsewhere(self, wrapped: bytes, place: bytes) -> bytes | None:
        """The same key wrapped by the newest wrapping key; None where it is already. Raises `Tampered`, `Transient`."""
        if await self._wrapper.current(wrapped):
            return None
        return await self._wrapper.wrap(await self._wrapper.unwrap(wrapped, place), place)

    async def destroy(self, case_id: UUID) -> None:
        """Doing it again is no error."""
        # The mark takes the key's place at once: between a deletion and the mark, a repeated event could open the case
        # again under a new key.
        await self._store.put(str(case_id), DESTROYED)
        await self._store.forget_former(str(case_id))

    async def destroyed(self, case_id: UUID) -> bool:
        """Without asking a key service."""
        try:
            return await self._store.get(str(case_id)) == DESTROYED
        except ObjectMissing:
            return False

    async def state(self, case_id: UUID) -> Literal["current", "waiting", "destroyed", "missing"]:
        """`waiting`: wrapped by a former key."""
        try:
            wrapped = await self._store.get(str(case_id))
        except ObjectMissing:
            return "missing"
        if wrapped == DESTROYED:
            return "destroyed"
        return "current" if await self._wrapper.current(wrapped) else "waiting"

    async def rewrap(self, case_id: UUID) -> bool:
        """Wrap the case's key anew if it was not wrapped by the newest wrapping key; whether that was done.

        Raises `Tampered`, `Transient`. A key that is destroyed meanwhile stays destroyed.
        """
        try:
            former = await self._store.get(str(case_id))
        except ObjectMissing:  # between the two steps of its destruction
            return False
        if former == DESTROYED or await self._wrapper.current(former):
            return False
        key = await self._wrapper.unwrap(former, _place(case_id))
        return await self._store.replace(str(case_id), await self._wrapper.wrap(key, _place(case_id)), former)

    async def cases(self) -> AsyncIterator[UUID]:
        for name in await self._store.all_names():
            with suppress(ValueError):  # whatever else somebody put there must not keep keys from being changed
                yield UUID(name)

    @property
    def wrapper(self) -> str:
        return self._wrapper.name

    async def ready(self) -> None:
        await self._store.ready()

    async def _unwrapped(self, case_id: UUID, wrapped: bytes) -> bytes:
        if wrapped == DESTROYED:
            raise KeyDestroyed(f"the key of case {case_id} was destroyed")
        return await self._wrapper.unwrap(wrapped, _place(case_id))


def _place(case_id: UUID) -> bytes:
    return cipher.FORMAT + f"key {case_id}".encode()
