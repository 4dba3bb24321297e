"""The tables of hash banks and of pictures seen.

Every change of a bank takes the next revision (`changes.next_revision`). Its row is locked until the change is
committed, so that revisions become visible in their order: who has read all up to one misses nothing by asking for what
is above it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.store import Base

Moment = sa.DateTime(timezone=True)
FRAME_AT = ">f"  # seconds, as `struct` packs them


class Bank(Base):
    """`relisted`: the revision at which all of it has to be matched backwards again, because it was switched on."""

    __tablename__ = "banks"

    name: Mapped[str] = mapped_column(primary_key=True)
    agency: Mapped[str]
    source: Mapped[str]
    kind: Mapped[str]
    category: Mapped[str]
    threshold: Mapped[int] = mapped_column(sa.SmallInteger)
    valid_from: Mapped[datetime | None] = mapped_column(Moment)
    valid_until: Mapped[datetime | None] = mapped_column(Moment)
    provenance: Mapped[str]
    enabled: Mapped[bool]
    shared: Mapped[bool]
    relisted: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(Moment)


class BankEntry(Base):
    """`threshold`: the one that counts. `threshold_given`: by the entry itself, so that it does not follow its bank.
    `phash`: beside a PDQ hash that of the same variant, which confirms a far match; None where nobody gave it."""

    __tablename__ = "bank_entries"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    bank: Mapped[str]
    entry: Mapped[str]
    category: Mapped[str]
    algorithm: Mapped[str]
    hash: Mapped[bytes]
    variant: Mapped[str]
    threshold: Mapped[int] = mapped_column(sa.SmallInteger)
    phash: Mapped[bytes | None]
    threshold_given: Mapped[bool]
    added_at: Mapped[datetime] = mapped_column(Moment)
    revision: Mapped[int] = mapped_column(sa.BigInteger)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_by: Mapped[str | None]
    disabled_why: Mapped[str | None]


class BankRevision(Base):
    """One row. `history`: which table this is, so that an index saved from another one is not taken for its index."""

    __tablename__ = "bank_revision"

    one: Mapped[bool] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(sa.BigInteger)
    history: Mapped[UUID]


class BankChange(Base):
    """Who changed what of a bank, and why. Rows are only ever added: the service's role may not change them."""

    __tablename__ = "bank_changes"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    bank: Mapped[str]
    revision: Mapped[int] = mapped_column(sa.BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[str]
    what: Mapped[str]
    why: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)


class SeenPicture(Base):
    """All hashes by which a picture or video was looked up, one after the other. `place`: among the content's pictures,
    videos behind them. `digests`: SHA-256, MD5, SHA-1. `frames_at_s`: of a video, the moment of each hash of `pdq`, as
    `FRAME_AT`; None of a picture."""

    __tablename__ = "seen_pictures"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    content_id: Mapped[UUID]
    place: Mapped[int]
    pdq: Mapped[bytes]
    phash: Mapped[bytes]
    digests: Mapped[bytes]
    frames_at_s: Mapped[bytes | None]
    seen_at: Mapped[datetime] = mapped_column(Moment)


class LateMatch(Base):
    """Content that agrees with a hash that was listed after it was seen, and is to be judged again."""

    __tablename__ = "late_matches"

    content_id: Mapped[UUID] = mapped_column(primary_key=True)
    found_at: Mapped[datetime] = mapped_column(Moment)


class Backwards(Base):
    """One row. All that was seen is matched with what is listed up to revision `done`; of what is listed from there to
    `goal`, with the pictures seen up to number `after`. Banks whose validity began by `valid_at` are in it."""

    __tablename__ = "backwards"

    one: Mapped[bool] = mapped_column(primary_key=True)
    done: Mapped[int] = mapped_column(sa.BigInteger)
    goal: Mapped[int] = mapped_column(sa.BigInteger)
    after: Mapped[int] = mapped_column(sa.BigInteger)
    valid_at: Mapped[datetime] = mapped_column(Moment)
