"""Notices on their way, and the cases that are watched until their content is gone."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.notifier.channels.port import Letter
from services.notifier.delivery.mailboxes import registered_domain
from shared.events import ReviewDecided
from shared.events.values import Notice, Recipient

# Of a delivery. Planned: its rung is not due yet. Handing: a person has to hand it in by a form. Withdrawn: approved,
# but not sent after all.
PLANNED, WAITING, SENDING, SENT, BOUNCED = "planned", "waiting", "sending", "sent", "bounced"
HANDING, WITHDRAWN = "handing", "withdrawn"
APPROVED, WATCHING, REMOVED = "approved", "watching", "removed"


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: sa.DateTime(timezone=True)}


class Delivery(Base):
    """One notice to one recipient. Leased while `sending`: whoever dies with it leaves it to the next after that.

    `address`: the mailbox, or `api:` and `form:` with connector or provider. `received_at`: the provable receipt, by
    `received_how`: delivered (a delivery status), answer, api or person; the acceptance by our own submission server is
    none. `ticket`: the recipient's number for the matter. `domain`: the registered one of the mailbox. `urgent`: goes
    before others. `carrier_id`: Message-ID of the mail that carries it, its own where it goes alone; None before that.
    """

    __tablename__ = "deliveries"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    notice: Mapped[dict[str, Any]] = mapped_column(JSONB)
    address: Mapped[str]
    channel: Mapped[str]
    provider: Mapped[str]
    occasion: Mapped[str]
    round: Mapped[int]
    rung: Mapped[int]
    policy: Mapped[str]
    sha256: Mapped[str]
    message_id: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int]
    next_attempt_at: Mapped[datetime]
    approved_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None] = mapped_column(default=None)
    leased_by: Mapped[str | None] = mapped_column(default=None)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    receipt: Mapped[str | None] = mapped_column(default=None)  # the last answer: of the acceptance, or of a failure
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    received_how: Mapped[str | None] = mapped_column(default=None)
    ticket: Mapped[str | None] = mapped_column(default=None)
    domain: Mapped[str] = mapped_column(default="")
    urgent: Mapped[bool] = mapped_column(default=False)
    carrier_id: Mapped[str | None] = mapped_column(default=None)

    @property
    def at_once(self) -> bool:
        """Whether it went to the sender with its approval: nothing had to become due, or happen, before."""
        return _at_once(Notice.model_validate(self.notice))

    def letter(self, thread: tuple[str, ...] = ()) -> Letter:
        notice = Notice.model_validate({**self.notice, "sha256": self.sha256})  # the digest that was approved
        return Letter(self.case_id, notice, thread, self.message_id)


class StopRow(Base):
    """An official does not want this notice to be sent any more, whatever else happens to it."""

    __tablename__ = "stops"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    by: Mapped[str]
    at: Mapped[datetime]


class AnswerRow(Base):
    """What came back to a notice. `source` names it, so that it is taken up once."""

    __tablename__ = "answers"

    answer_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    notice_id: Mapped[UUID | None]
    kind: Mapped[str]
    ticket: Mapped[str]
    words: Mapped[str]
    channel: Mapped[str]
    source: Mapped[str]
    answered_at: Mapped[datetime]


class WatchRow(Base):
    """`state`: approved until a notice was sent, then watching, then removed; watching again when the content is back,
    for the time `reappeared` counts. `awaited`: the check that is out, and `awaited_at` when it is due: None before the
    first one and when nobody looks any more. `step`: of the schedule. `removed_at`: when the removal was proven;
    `back_at`: when a check after it saw the content, which another has to confirm."""

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
    step: Mapped[int] = mapped_column(default=1)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    back_at: Mapped[datetime | None] = mapped_column(default=None)
    reappeared: Mapped[int] = mapped_column(default=0)


def address_of(to: Recipient) -> str:
    """The name under which a recipient gets each occasion once."""
    return {"mail": to.email, "api": f"api:{to.connector}"}.get(to.channel, f"form:{to.provider or to.name}")


def delivery(event: ReviewDecided, notice: Notice, message_id: str, now: datetime) -> Delivery:
    """What goes out at once waits for the sender; the rest for the ladder."""
    return Delivery(
        notice_id=notice.notice_id,
        case_id=event.case_id,
        notice=notice.model_dump(mode="json"),
        address=address_of(notice.recipient),
        channel=notice.recipient.channel,
        provider=notice.recipient.provider,
        occasion=notice.occasion,
        round=event.round,
        rung=notice.rung,
        policy=event.policy,
        sha256=notice.sha256,
        message_id=message_id,
        state=WAITING if _at_once(notice) else PLANNED,
        attempt=0,
        next_attempt_at=now,
        approved_at=event.decided_at,
        domain=registered_domain(notice.recipient.email) if notice.recipient.channel == "mail" else "",
        urgent=notice.urgent,
    )


def _at_once(notice: Notice) -> bool:
    return notice.rung == 0 and notice.follows is None and not notice.after_hours


def watch_of(event: ReviewDecided, state: str) -> WatchRow:
    """Without the page's title: no check needs it."""
    return WatchRow(
        case_id=event.case_id,
        finding=event.finding.model_copy(update={"title": ""}).model_dump(mode="json"),
        state=state,
        notices_sent=0,
        checks_done=0,
        gone_in_a_row=0,
        first_gone_at=None,
        awaited=1,
        awaited_at=None,
    )
