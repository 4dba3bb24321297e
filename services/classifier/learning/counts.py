"""What champion and challenger said of the same texts, added up over all processes, by the hour."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.learning.panel import Counts
from services.classifier.store import Base
from shared.database import Transaction

COUNTED = tuple(vars(Counts()))


class ScoredRow(Base):
    __tablename__ = "scored"

    hour: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    challenger: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    texts: Mapped[int] = mapped_column(sa.BigInteger)
    canary: Mapped[int] = mapped_column(sa.BigInteger)
    raised: Mapped[int] = mapped_column(sa.BigInteger)
    challenger_raised: Mapped[int] = mapped_column(sa.BigInteger)
    differing: Mapped[int] = mapped_column(sa.BigInteger)


async def add(tx: Transaction, version: int, challenger: int, counts: Counts) -> None:
    if not counts.texts:
        return
    hour = tx.clock.now().replace(minute=0, second=0, microsecond=0)
    statement = insert(ScoredRow).values(hour=hour, version=version, challenger=challenger, **vars(counts))
    more = {name: getattr(ScoredRow, name) + statement.excluded[name] for name in COUNTED}
    await tx.execute(statement.on_conflict_do_update(index_elements=ScoredRow.__table__.primary_key, set_=more))


async def of_trial(tx: Transaction, challenger: int) -> Counts:
    """All that was counted since it is on trial, beside whoever was champion."""
    sums = [sa.func.coalesce(sa.func.sum(getattr(ScoredRow, name)), 0) for name in COUNTED]
    row = (await tx.execute(sa.select(*sums).where(ScoredRow.challenger == challenger))).one()
    return Counts(*map(int, row))
