"""Reports that went to APIs, each a row before its first byte leaves."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.channels.api.connector import Limits
from services.notifier.store import SENT, Base, Delivery
from shared.database import Transaction

# Asking: a request is, or was, on its way. Again: the API did not take it, and may later. Unknown: no whole answer
# came. Lost: unknown, and there is no way to find out; a person has to.
ASKING, AGAIN, UNKNOWN, ACCEPTED, REFUSED, LOST = "asking", "again", "unknown", "accepted", "refused", "lost"


class ReportRow(Base):
    """`part`: from 0, of a notice that takes several reports. `asked_at`: when it first went out, `last_at` last.
    `rest_until`: the API asked to be left alone until then. `told`: its acceptance was noted as an answer. `meaning`:
    what its status meant when it was last asked for.
    """

    __tablename__ = "reports"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    connector: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int]
    asked_at: Mapped[datetime]
    last_at: Mapped[datetime]
    rest_until: Mapped[datetime | None] = mapped_column(default=None)
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    receipt: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    told: Mapped[bool] = mapped_column(default=False)
    meaning: Mapped[str] = mapped_column(default="")
    next_poll_at: Mapped[datetime | None] = mapped_column(default=None)
    polls_failed: Mapped[int] = mapped_column(default=0)


async def must_wait_s(tx: Transaction, connector: str, limits: Limits) -> float:
    """Seconds before the next report to it: it got as many as it takes in a minute or an hour.

    Read from the reports themselves, so that all processes and all their lives share it.
    """
    now = tx.clock.now()
    mine = ReportRow.connector == connector
    waits = [0.0]
    for most, span in ((limits.per_minute, timedelta(minutes=1)), (limits.per_hour, timedelta(hours=1))):
        lately = sa.select(ReportRow.last_at).where(mine, ReportRow.last_at > now - span)
        oldest = await tx.scalar(lately.order_by(ReportRow.last_at.desc()).offset(most - 1).limit(1))
        if oldest is not None:
            waits.append((oldest + span - now).total_seconds())
    return max(waits)


async def rest_s(tx: Transaction, connector: str) -> float:
    """Seconds for which it asked, with whichever report, to be left alone."""
    resting = await tx.scalar(sa.select(sa.func.max(ReportRow.rest_until)).where(ReportRow.connector == connector))
    return (resting - tx.clock.now()).total_seconds() if resting else 0.0


async def untold(tx: Transaction, limit: int) -> list[ReportRow]:
    """Accepted reports of notices that are on record as sent, whose acceptance nobody noted yet."""
    rows = (
        sa.select(ReportRow)
        .join(Delivery, Delivery.notice_id == ReportRow.notice_id)
        .where(ReportRow.state == ACCEPTED, ~ReportRow.told, Delivery.state == SENT)
        .order_by(ReportRow.accepted_at)
        .limit(limit)
        .with_for_update(of=ReportRow, skip_locked=True)
    )
    return list(await tx.scalars(rows))


async def due_for_a_look(tx: Transaction, lease_s: float, limit: int) -> list[ReportRow]:
    """Reports whose status is to be asked for now; nobody else asks for them within the lease."""
    now = tx.clock.now()
    rows = await tx.scalars(
        sa.select(ReportRow)
        .where(ReportRow.next_poll_at <= now)
        .order_by(ReportRow.next_poll_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    for row in rows:
        row.next_poll_at = now + timedelta(seconds=lease_s)
    return list(rows)
