"""What a verdict does to the queue. The rest of a verdict is no part of this figure, and its time is not counted."""

from uuid import UUID

import sqlalchemy as sa

from services.gateway.claims.store import Turn
from shared.database import Database


async def decided(database: Database, case: UUID) -> None:
    """The case stands in the queue no more, and its reviewer may hold another (`claims_at_once`)."""
    async with database.transaction() as tx:
        await tx.execute(sa.delete(Turn).where(Turn.case_id == case))
