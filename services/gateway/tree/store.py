"""Tables of the tree over the audit history, and of what checks it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from haetae_verify.heads import Head
from services.gateway.store import Base


class Waiting(Base):
    """A line that has no place in the tree yet. A trigger writes it with the line, whoever writes that."""

    __tablename__ = "audit_waiting"

    position: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[UUID]
    seq: Mapped[int]
    at: Mapped[datetime]
    hash: Mapped[bytes]


class Leaf(Base):
    """Append-only: which line is the leaf `position` (from 0), and the leaf's hash."""

    __tablename__ = "audit_leaves"

    position: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[UUID]
    seq: Mapped[int]
    at: Mapped[datetime]
    hash: Mapped[bytes]


class Node(Base):
    """Append-only: the root of the complete subtree (`level`, `position`), for every eighth level."""

    __tablename__ = "audit_nodes"

    level: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[bytes]


class HeadKey(Base):
    """A key that signs heads, by its public half. `until`: another one took over."""

    __tablename__ = "audit_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class HeadRow(Base):
    """A signed head. Only the stamp comes later (a TimeStampResp, DER)."""

    __tablename__ = "audit_heads"

    size: Mapped[int] = mapped_column(primary_key=True)
    log: Mapped[str]
    root: Mapped[str]
    signed_at: Mapped[datetime]
    key_id: Mapped[str]
    signature: Mapped[str]
    stamp: Mapped[bytes | None]
    stamped_by: Mapped[str | None]
    stamped_at: Mapped[datetime | None]

    @property
    def head(self) -> Head:
        return Head(self.log, self.size, self.root, self.signed_at, self.key_id, self.signature)


class Check(Base):
    """How far a check came: `size` leaves whose tree has the `frontier` and of whose lines the `latest` is of then, or
    the chains up to `after`. `ended_at`: when the whole was last gone through. `broken`: the first thing found to be
    wrong, at which the check stays; `early`: the first line whose clock stood back, after which it went on
    (`examining.Found`)."""

    __tablename__ = "audit_checks"

    name: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    after: Mapped[UUID | None]
    frontier: Mapped[list[bytes]] = mapped_column(sa.ARRAY(sa.LargeBinary))
    latest: Mapped[datetime | None]
    began_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    broken: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    early: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
