"""What was answered to the notices of a case, to be shown."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from services.gateway.notices.rows import Answer
from shared.database import Transaction

SHOWN = 100  # of a case: whoever answers more often is read in the mailbox


async def newest(tx: Transaction, case_id: UUID) -> Sequence[Answer]:
    """The newest first."""
    rows = sa.select(Answer).where(Answer.case_id == case_id).order_by(Answer.answered_at.desc(), Answer.answer_id)
    return await tx.scalars(rows.limit(SHOWN))
