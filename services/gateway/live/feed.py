"""What open pages are told: rows of a short-lived table, written with what they tell of."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base
from shared.database import Transaction


class Kind(StrEnum):
    """What happened to a case."""

    WAITING = "waiting"  # it came into the queue
    GONE = "gone"  # it left the queue
    CLAIMED = "claimed"
    FREED = "freed"
    CHANGED = "changed"  # another state


class Change(Base):
    """`actor`: a pseudonym, of who claimed. `xid`, `position` are given by the database and order the changes: those of
    a transaction become visible together, when it ends (`following.py`)."""

    __tablename__ = "changes"

    xid: Mapped[int] = mapped_column(sa.BigInteger, sa.FetchedValue(), primary_key=True)
    position: Mapped[int] = mapped_column(sa.BigInteger, sa.FetchedValue(), primary_key=True)
    agency: Mapped[str]
    case_id: Mapped[UUID]
    kind: Mapped[str]
    actor: Mapped[str | None]
    at: Mapped[datetime]


async def tell(tx: Transaction, agency: str, case_id: UUID, kind: Kind, actor: str | None = None) -> None:
    row = {"agency": agency, "case_id": case_id, "kind": kind.value, "actor": actor, "at": tx.clock.now()}
    await tx.execute(sa.insert(Change).values(row).inline())


def telling_of(turns: sa.CTE, kind: Kind, at: datetime) -> sa.CTE:
    """The same of turns that a statement changed (agency, case_id, holder), as a part of that statement."""
    rows = sa.select(turns.c.agency, turns.c.case_id, sa.literal(kind.value), turns.c.holder, sa.literal(at))
    return sa.insert(Change).from_select(["agency", "case_id", "kind", "actor", "at"], rows).cte("told")
