"""Files made on request, for a day: sealed with their case's key, so that they go when the case goes.

<day>/<case_id>/<order_id>/<part>-<parts>     days in UTC
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from uuid import UUID

from shared.clock import Clock
from shared.objects import cipher
from shared.objects.case_keys import CaseKeys
from shared.objects.cipher import Tampered
from shared.objects.port import ObjectMissing, ObjectStore
from shared.objects.s3 import S3Store
from shared.objects.vault import Vault
from shared.settings import S3Settings

PART_BYTES = 8 * 1024 * 1024  # encrypted in one piece in memory
KEPT = timedelta(days=1)  # at least: what was made shortly before midnight must still be there in the morning


class Exports:
    def __init__(self, store: ObjectStore, keys: CaseKeys, clock: Clock) -> None:
        self._store, self._keys, self._clock = store, keys, clock

    async def put(self, case_id: UUID, order_id: UUID, data: bytes) -> None:
        """In the place of what an earlier attempt at the order left. Raises `KeyDestroyed`."""
        key = await self._keys.get(case_id)
        folder = f"{self._today()}/{case_id}/{order_id}"  # of one day, also where midnight comes between its parts
        await self._store.clear(folder)
        parts = max(1, -(-len(data) // PART_BYTES))
        for part in range(parts):
            place = f"{folder}/{part + 1:04}-{parts:04}"
            piece = data[part * PART_BYTES : (part + 1) * PART_BYTES]
            await self._store.put(place, await asyncio.to_thread(cipher.close, piece, key, _bound(place)))

    async def get(self, case_id: UUID, order_id: UUID) -> AsyncIterator[bytes]:
        """Its parts. Raises `ObjectMissing` when it is not there (any more), `KeyDestroyed`, `Tampered`."""
        for day in (self._today(), self._today() - KEPT):
            folder = f"{day}/{case_id}/{order_id}"
            if places := sorted(await self._store.names(folder)):
                break
        else:
            raise ObjectMissing(f"no export {order_id} of case {case_id}: it was removed after a day")
        if len(places) != int(places[0].rpartition("-")[2]):
            raise ObjectMissing(f"export {order_id} of case {case_id} is not whole")
        key = await self._keys.get(case_id)
        for place in places:
            sealed = await self._store.get(place)
            try:
                yield await asyncio.to_thread(cipher.disclose, sealed, key, _bound(place))
            except ValueError as error:
                raise Tampered(f"{place} of the exports does not open ({error}): it was changed") from error

    async def clear(self, case_id: UUID) -> int:
        """Remove all of a case; how many parts."""
        days = (self._today(), self._today() - KEPT)
        return sum([await self._store.clear(f"{day}/{case_id}") for day in days])

    async def sweep(self) -> int:
        """Remove what is over; how many parts."""
        oldest = self._today() - KEPT
        days = {_day_of(name) for name in await self._store.all_names()}
        return sum([await self._store.clear(day.isoformat()) for day in days if day and day < oldest])

    def _today(self) -> date:
        return self._clock.now().date()


@asynccontextmanager
async def open_exports(settings: S3Settings, vault: Vault, clock: Clock) -> AsyncIterator[Exports]:
    """The exports in the S3 bucket `exports`."""
    store = S3Store(settings, "exports")
    try:
        yield Exports(store, vault.keys, clock)
    finally:
        store.close()


def _day_of(name: str) -> date | None:
    """None for what somebody else put there: it must not keep the rest from going."""
    try:
        return date.fromisoformat(name.partition("/")[0])
    except ValueError:
        return None


def _bound(place: str) -> bytes:
    return cipher.FORMAT + f"export {place}".encode()
