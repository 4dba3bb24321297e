"""The table of verdicts that wait for their undo window."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base, Stored
from services.gateway.verdict import Decision

GIVEN, UNDONE = "given", "undone"  # outcomes; any other is the code of the problem for which it was not given


class Pending(Base):
    """A verdict that a person gave and can still take back until `due_at`. `batch`: verdicts given together are taken
    back together. `outcome`, once it ended: given, undone, or why it was not given."""

    __tablename__ = "pending_verdicts"

    pending_id: Mapped[UUID] = mapped_column(primary_key=True)
    batch: Mapped[UUID]
    case_id: Mapped[UUID]
    round: Mapped[int] = mapped_column(sa.Integer)
    decision: Mapped[Decision] = mapped_column(Stored(Decision))
    login: Mapped[str]
    pseudonym: Mapped[str]
    proposed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
