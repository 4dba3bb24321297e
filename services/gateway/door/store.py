"""Tables of the door: reports, the addresses in them, referrals, and what keeps guessers out."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base


class ReportRow(Base):
    """Somebody's report. `number` and PIN are how a person asks after it; an institution has `reference` instead, and
    `digest` of what it gave under it. `secret`: how to reach the person and what they wrote, sealed under a key of its
    own, which lies wrapped in `secret_key`: without it nothing can be read again. `alarm`: what an official has to see
    to. `updated_at`: when anything that its sender can see changed."""

    __tablename__ = "reports"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    pin_hash: Mapped[str | None]
    agency: Mapped[str]
    source: Mapped[str]
    category: Mapped[str]
    language: Mapped[str]
    submitted_by: Mapped[str | None]
    reference: Mapped[str | None]
    digest: Mapped[str | None]
    consents: Mapped[list[str]]
    pictures: Mapped[int]
    secret: Mapped[bytes | None]
    secret_key: Mapped[bytes | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None]
    alarm: Mapped[str | None]


class PageRow(Base):
    """An address of a report. `case_id`: of the address, or of where it led. `problem`: why the last visit gave no
    content; `reached_at`: since when it belongs to a case that the reviewers have."""

    __tablename__ = "reported_pages"

    page_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    agency: Mapped[str]
    place: Mapped[int]
    url: Mapped[str]
    case_id: Mapped[UUID]
    reported_at: Mapped[datetime]
    problem: Mapped[str | None]
    final: Mapped[bool]
    tried_at: Mapped[datetime | None]
    reached_at: Mapped[datetime | None]


class DocumentRow(Base):
    """A proof of authority, sealed as it came: never opened here."""

    __tablename__ = "report_documents"

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    agency: Mapped[str]
    sha256: Mapped[str]
    media_type: Mapped[str]
    sealed: Mapped[bytes | None]
    sealed_key: Mapped[bytes | None]
    given_at: Mapped[datetime]


class ReferralRow(Base):
    """A person agreed to be called by a partner. `fetched_at` is the receipt; `late_at`: since when it is missed."""

    __tablename__ = "referrals"

    referral_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    agency: Mapped[str]
    partner: Mapped[str]
    services: Mapped[list[str]]
    language: Mapped[str]
    consented_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]
    fetched_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    late_at: Mapped[datetime | None]


class PassRow(Base):
    """Number and PIN were right: what the page may ask for without them, for a short while."""

    __tablename__ = "door_passes"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    agency: Mapped[str]
    expires_at: Mapped[datetime]


class AttemptRow(Base):
    """`who`: a digest, gone within the hour."""

    __tablename__ = "door_attempts"

    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    what: Mapped[str]
    who: Mapped[str]
    at: Mapped[datetime]
