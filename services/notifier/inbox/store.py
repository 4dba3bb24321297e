"""What was read of the agency's mailbox: how far, each mail once, and those of which nobody knows what they answer."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.store import Base


class MailboxRow(Base):
    """How far a mailbox was read. UIDs grow as long as `uid_validity` stays the same (RFC 9051, 2.3.1.1). One process
    reads: whoever holds the lease."""

    __tablename__ = "mailboxes"

    mailbox: Mapped[str] = mapped_column(primary_key=True)
    uid_validity: Mapped[int] = mapped_column(sa.BigInteger)  # 32 bits without a sign
    last_uid: Mapped[int] = mapped_column(sa.BigInteger)
    leased_by: Mapped[str | None] = mapped_column(default=None)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)


class MailRow(Base):
    """A mail that was taken up. `outcome`: answer, status (of a delivery, without meaning for the case), unmatched,
    repeat (the same was taken up before), own (a copy of what we sent) or unreadable. `message_id`: with a digest of
    what it says (`taking.known_by`); empty for one that was not read."""

    __tablename__ = "mails"

    mail_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    outcome: Mapped[str]
    case_id: Mapped[UUID | None]
    notice_id: Mapped[UUID | None]
    taken_at: Mapped[datetime]


class UnmatchedRow(Base):
    """A mail that answers no notice for certain: its headers, never its text. `case_id`: the case that it seems to be
    about. `kind` and `ticket`: as it was read."""

    __tablename__ = "mails_unmatched"

    mail_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    sender: Mapped[str]
    subject: Mapped[str]
    why: Mapped[str]
    kind: Mapped[str]
    ticket: Mapped[str]
    case_id: Mapped[UUID | None]
    arrived_at: Mapped[datetime]
    assigned_case: Mapped[UUID | None] = mapped_column(default=None)
    assigned_by: Mapped[str | None] = mapped_column(default=None)
    assigned_at: Mapped[datetime | None] = mapped_column(default=None)
