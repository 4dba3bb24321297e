"""Notices on their way, and the cases that are watched until their content is gone."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

from services.notifier.mail import Letter
from shared.database import Transaction
from shared.events import ReviewDecided
from shared.events.values import Recipient

WAITING, SENDING, SENT, BOUNCED = "waiting", "sending", "sent", "bounced"
APPROVED, WATCHING, REMOVED = "approved", "watching", "removed"
FIRST = "first"  # the occasion of a notice; a reminder will be another


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: sa.DateTime(timezone=True)}


class Delivery(Base):
    """One notice to one recipient. Leased while `sending`: whoever dies with it leaves it to the next after that."""

    __tablename__ = "deliveries"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    recipient: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recipient_email: Mapped[str]
    occasion: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    sha256: Mapped[str]
    message_id: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int]
    next_attempt_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None] = mapped_column(default=None)
    leased_by: Mapped[str | None] = mapped_column(default=None)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    receipt: Mapped[str | None] = mapped_column(default=None)  # the last answer: of the acceptance, or of a failure

    def letter(self) -> Letter:
        recipient = Recipient.model_validate(self.recipient)
        return Letter(self.notice_id, self.case_id, recipient, self.subject, self.body, self.sha256)


class WatchRow(Base):
    """`state`: approved until a notice was sent, then watching, then removed. `awaited`: the check that is out, and
    `awaited_at` when it is due."""

    __tablename__ = "watches"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str]
    notices_sent: Mapped[int]
    checks_done: Mapped[int]
    gone_in_a_row: Mapped[int]
    first_gone_at: Mapped[datetime | None]
    awaited: Mapped[int]
    awaited_at: Mapped[datetime | None]


def delivery(letter: Letter, message_id: str, now: datetime) -> Delivery:
    return Delivery(
        notice_id=letter.notice_id,
        case_id=letter.case_id,
        recipient=letter.recipient.model_dump(),
        recipient_email=letter.recipient.email,
        occasion=FIRST,
        subject=letter.subject,
        body=letter.body,
        sha256=letter.sha256,
        message_id=message_id,
        state=WAITING,
        attempt=0,
        next_attempt_at=now,
    )


def watch_of(event: ReviewDecided, state: str) -> WatchRow:
    return WatchRow(
        case_id=event.case_id,
        finding=event.finding.model_dump(mode="json"),
        state=state,
        notices_sent=0,
        checks_done=0,
        gone_in_a_row=0,
        first_gone_at=None,
        awaited=1,
        awaited_at=None,
    )


async def claim(tx: Transaction, instance: str, lease_s: float, gap_s: float, limit: int) -> list[Delivery]:
    """Lease due deliveries, at most one a recipient, none to a recipient who got mail less than `gap_s` ago."""
    now = tx.clock.now()
    # One claim at a time: two that do not see each other's would send two mails to one recipient at once.
    await tx.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('notifier.claim', 0))"))
    rows = await tx.scalars(_due(now, gap_s).limit(limit).with_for_update(skip_locked=True))
    claimed = list({row.recipient_email: row for row in reversed(rows)}.values())
    for row in claimed:
        row.state, row.attempt, row.last_attempt_at = SENDING, row.attempt + 1, now
        row.leased_by, row.leased_until = instance, now + timedelta(seconds=lease_s)
    return claimed


def _due(now: datetime, gap_s: float) -> sa.Select[Delivery]:
    other = aliased(Delivery)
    busy = sa.exists().where(
        other.recipient_email == Delivery.recipient_email,
        other.notice_id != Delivery.notice_id,
        sa.or_(
            sa.and_(other.state == SENDING, other.leased_until > now),
            other.last_attempt_at > now - timedelta(seconds=gap_s),
        ),
    )
    ready = sa.or_(
        sa.and_(Delivery.state == WAITING, Delivery.next_attempt_at <= now),
        sa.and_(Delivery.state == SENDING, Delivery.leased_until <= now),
    )
    return sa.select(Delivery).where(ready, ~busy).order_by(Delivery.next_attempt_at)


async def release(tx: Transaction, instance: str) -> None:
    """Give up the leases of this instance's former life, so that its mails need not wait for them to run out."""
    ours = sa.update(Delivery).where(Delivery.state == SENDING, Delivery.leased_by == instance)
    await tx.execute(ours.values(leased_until=tx.clock.now()))
