"""The table of marks: of cases that await review, gone with their turn."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base
from shared.database import Transaction


class Mark(Base):
    __tablename__ = "marks"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(primary_key=True)
    agency: Mapped[str]


async def keep(tx: Transaction, agency: str, case_id: UUID, marks: Sequence[str]) -> None:
    """Marks are only added while a case waits: what was like another one stays so."""
    rows = [{"case_id": case_id, "mark": mark, "agency": agency} for mark in marks]
    if rows:
        await tx.execute(insert(Mark).values(rows).on_conflict_do_nothing())
