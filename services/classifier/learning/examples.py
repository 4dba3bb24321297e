"""From flagged findings to labelled examples: features are kept when a finding is flagged, the verdict labels them.

Hashed n-grams of at most three passages: no words, though who has a list of words can look for them in it. So there is
a term (`forget`), and a case's row is written once: a page that is seen again after its verdict changes nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.store import Base
from shared.database import Transaction
from shared.events import ReviewDecided, Verdict

UNDECIDED_DAYS = 90  # a case that nobody has decided by then is no example any more
Moment = sa.DateTime(timezone=True)


class ExampleRow(Base):
    """`label`: None until somebody decided."""

    __tablename__ = "examples"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    features: Mapped[bytes]
    language: Mapped[str | None]
    category: Mapped[str]
    score: Mapped[float]
    other: Mapped[float]
    sampled: Mapped[str | None]
    judged_by: Mapped[str]
    kept_at: Mapped[datetime] = mapped_column(Moment)
    label: Mapped[bool | None]
    reviewer: Mapped[str | None]
    scripted: Mapped[bool | None]
    decided_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True)
class Kept:
    """What a flagged finding leaves for learning. `features`: `TextReader.features`. `score`: of the text. `other`: the
    weightiest sign that is not the text. `sampled`: the slot, when it was flagged to learn from. `judged_by`: the text
    model, as in `Assessment.decided_by`."""

    case_id: UUID
    features: bytes
    language: str | None
    category: str
    score: float
    other: float
    judged_by: str
    sampled: str | None = None


async def keep(tx: Transaction, kept: Sequence[Kept]) -> None:
    """Keep them until somebody decides; a case that is known is as it was seen last, or as it was decided on."""
    if not kept:
        return
    now = tx.clock.now()
    by_case = {one.case_id: one for one in kept}
    rows = [{**asdict(one), "kept_at": now} for one in by_case.values()]
    statement = insert(ExampleRow).values(rows)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in ("case_id", "sampled")}
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=[ExampleRow.case_id], set_=changed, where=ExampleRow.label.is_(None)
        )
    )


async def label(event: ReviewDecided, tx: Transaction) -> None:
    """The verdict on a case becomes the label of what was kept of it. Neither the note nor the notices are read."""
    await tx.execute(
        sa.update(ExampleRow)
        .where(ExampleRow.case_id == event.case_id)
        .values(
            label=event.verdict is Verdict.APPROVED,
            reviewer=event.reviewer,
            scripted=event.scripted,
            decided_at=event.decided_at,
        )
    )


async def labelled(tx: Transaction, *, scripted: bool, since: datetime | None = None) -> Sequence[ExampleRow]:
    """What the text model may learn from, in the order of the verdicts.

    A case that was approved for its picture says nothing of its words; a rejected one is harmless altogether.
    `scripted`: whether verdicts of a demonstration's script count. `since`: only later ones.
    """
    return await tx.scalars(
        sa.select(ExampleRow)
        .where(ExampleRow.label.is_not(None))
        .where(~ExampleRow.label | (ExampleRow.score >= ExampleRow.other))
        .where(sa.true() if scripted else ExampleRow.scripted.is_(False))
        .where(ExampleRow.decided_at > since if since else sa.true())
        .order_by(ExampleRow.decided_at, ExampleRow.case_id)
    )


async def forget(tx: Transaction, days: int) -> None:
    """What was decided longer ago, and what nobody decided within `UNDECIDED_DAYS`."""
    now = tx.clock.now()
    await tx.execute(
        sa.delete(ExampleRow).where(
            (ExampleRow.decided_at < now - timedelta(days=days))
            | (ExampleRow.label.is_(None) & (ExampleRow.kept_at < now - timedelta(days=UNDECIDED_DAYS)))
        )
    )
