"""Rounds of a case's notices: 0 is its first draft, each further draft that is asked for has a number of its own."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.store import Base
from shared.database import Transaction


class CaseRounds(Base):
    """`last`: the highest round that was asked for."""

    __tablename__ = "case_rounds"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    last: Mapped[int]


async def next_round(tx: Transaction, case_id: UUID) -> int:
    """1, 2, …, never the same twice: who asks at the same time waits until this transaction is over.

    Whoever asks has to remember that he did: to ask again gives another one.
    """
    first = insert(CaseRounds).values(case_id=case_id, last=1)
    statement = first.on_conflict_do_update(index_elements=["case_id"], set_={"last": CaseRounds.last + 1})
    return int((await tx.execute(statement.returning(CaseRounds.last))).scalar_one())
