"""What the ladder keeps of a case: when to look again, what was planned last, which further rounds were asked for.

Its row stands for the case: whoever changes anything of a case (notices, watch, rounds) holds it first, and until the
end of his transaction. Two that decided at once would both ask for the same packet, and two that took the rows in
another order would wait for each other. Of deliveries only those are changed that are planned, waiting or handed to a
person.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.ladder.facts import Asked
from services.notifier.store import Base
from shared.database import Transaction


class Ladder(Base):
    """`next_at`: when time alone may change something; None: it cannot. `plan`: the steps as they were told last, with
    the number `revision`. `running`, `expired`: clocks of notices that are sent, and those that ran out."""

    __tablename__ = "ladders"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    next_at: Mapped[datetime | None]
    revision: Mapped[int]
    plan: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    asked: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    settled_at: Mapped[datetime | None]
    running: Mapped[int]
    expired: Mapped[int]


async def hold(tx: Transaction, case_ids: Iterable[UUID]) -> None:
    """Nobody else changes these cases until the transaction is over. All that it changes, at once and first."""
    if wanted := sorted(set(case_ids)):
        await _locked(tx, wanted)


async def held(tx: Transaction, case_id: UUID) -> Ladder:
    """The case's row, locked until the transaction is over."""
    return (await _locked(tx, [case_id]))[0]


async def _locked(tx: Transaction, case_ids: list[UUID]) -> Sequence[Ladder]:
    new = {"revision": 0, "plan": [], "asked": [], "running": 0, "expired": 0}
    rows = [{"case_id": case_id, **new} for case_id in case_ids]
    await tx.execute(insert(Ladder).values(rows).on_conflict_do_nothing())
    locked = sa.select(Ladder).where(Ladder.case_id.in_(case_ids)).order_by(Ladder.case_id).with_for_update()
    return await tx.scalars(locked.execution_options(populate_existing=True))


async def asked(tx: Transaction, case_id: UUID, round: int, why: str, at: datetime) -> None:
    """A further round was asked for by whoever watches the content."""
    row = await held(tx, case_id)
    row.asked = [*row.asked, written(Asked(round, why, at))]


async def declined(tx: Transaction, case_id: UUID, round: int) -> None:
    """An official does not want that round's notices: nobody waits for them any more."""
    row = await held(tx, case_id)
    row.asked = [{**one, "declined": True} if one["round"] == round else one for one in row.asked]


def written(asked: Asked) -> dict[str, Any]:
    about = [str(one) for one in asked.about]
    at = asked.at.isoformat()
    return {"round": asked.round, "why": asked.why, "at": at, "about": about, "declined": asked.declined}


def read(row: Ladder) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            one["round"],
            one["why"],
            datetime.fromisoformat(one["at"]),
            tuple(UUID(notice_id) for notice_id in one["about"]),
            one["declined"],
        )
        for one in row.asked
    )
