"""Keys of what people wrote at the door: they lie in the database, wrapped by the master key as those of cases are."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from services.gateway.door.keeping import place
from services.gateway.door.store import DocumentRow, ReportRow
from shared.database import Database
from shared.objects.case_keys import CaseKeys

WHERE = ((ReportRow.report_id, ReportRow.secret_key), (DocumentRow.document_id, DocumentRow.sealed_key))


class DoorKey(NamedTuple):
    """`id`, `key`: the columns that it lies in."""

    about: UUID
    wrapped: bytes
    id: Any
    key: Any


async def waiting(database: Database, keys: CaseKeys) -> int:
    """How many a former key wraps. `database`: the gateway's."""
    return sum([not await keys.current_elsewhere(one.wrapped) async for one in _all(database)])


async def rewrap(database: Database, keys: CaseKeys) -> int:
    """How many were wrapped anew. One that is changed or deleted meanwhile stays as it is then. Raises `Tampered`."""
    done = 0
    async for one in _all(database):
        anew = await keys.rewrapped_elsewhere(one.wrapped, place(one.about))
        if anew is None:
            continue
        async with database.transaction() as tx:
            same = (one.id == one.about, one.key == one.wrapped)
            done += (await tx.execute(sa.update(one.id.class_).where(*same).values({one.key: anew}))).rowcount
    return done


async def _all(database: Database) -> AsyncIterator[DoorKey]:
    for id, key in WHERE:
        async with database.transaction() as tx:
            rows: list[Any] = list((await tx.execute(sa.select(id, key).where(key.is_not(None)))).all())
        for about, wrapped in rows:
            yield DoorKey(about, wrapped, id, key)
