"""What was ordered and what became of it, holds, what each case's retention rests on, certificates of destruction."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.evidence.store import Base


class Order(Base):
    """`terms`: what its kind needs beside (see `placing.Terms`). `taken_by`: who works on it until `next_at`, when it
    is anybody's again. `progress`: what is to be known after a kill. `error`: why it failed, or has to wait."""

    __tablename__ = "orders"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), unique=True)
    case_id: Mapped[UUID]
    kind: Mapped[str]
    by: Mapped[str]
    why: Mapped[str]
    basis: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ordered_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    taken_by: Mapped[str | None] = mapped_column(default=None)
    next_at: Mapped[datetime]
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    error: Mapped[str | None] = mapped_column(default=None)


class Hold(Base):
    """A legal hold. Its id is that of the order that placed it."""

    __tablename__ = "holds"

    hold_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    by: Mapped[str]
    why: Mapped[str]
    basis: Mapped[str]
    placed_at: Mapped[datetime]
    until: Mapped[datetime | None]
    released_at: Mapped[datetime | None] = mapped_column(default=None)
    released_by_order: Mapped[UUID | None] = mapped_column(default=None)


class Retention(Base):
    """What the class of a case follows from. `categories`: of its assessment and of what it agrees with in banks.
    `chosen`: the class that an order gave it, whatever the rules say."""

    __tablename__ = "retention"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    categories: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    verdict: Mapped[str | None] = mapped_column(default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    chosen: Mapped[str | None] = mapped_column(default=None)
    chosen_at: Mapped[datetime | None] = mapped_column(default=None)
    chosen_by_order: Mapped[UUID | None] = mapped_column(default=None)


class Certificate(Base):
    """A signed certificate of destruction (`certificate.FORMAT`). Written once."""

    __tablename__ = "certificates"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    document: Mapped[bytes]
    destroyed_at: Mapped[datetime]
