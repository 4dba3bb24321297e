"""What is remembered of seals: they and their stamps hold no content, and outlive it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.evidence.store import Base


class SigningKey(Base):
    """A public key, and since when and until when it sealed; no `until`: it does."""

    __tablename__ = "signing_keys"

    public_key: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime | None] = mapped_column(default=None)


class SealRow(Base):
    """`document`: the bytes of seal.json. Written once, as the next two are: a trigger refuses the rest."""

    __tablename__ = "seals"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    manifest_sha256: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[bytes]
    sealed_at: Mapped[datetime]


class StampRow(Base):
    """A time stamp; `number` counts those of one seal from 1. The fields are those of `Stamped`; `roots`: the digest of
    the authority's roots as they were then."""

    __tablename__ = "stamps"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    manifest_sha256: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    authority: Mapped[str]
    covers: Mapped[str]
    response: Mapped[bytes]
    roots: Mapped[str]
    offset_ms: Mapped[int]
    at: Mapped[datetime]
    valid_until: Mapped[datetime]
    renew_at: Mapped[datetime]


class StampRoots(Base):
    """Roots of an authority in PEM, by their digest: the agency's file may name others later."""

    __tablename__ = "stamp_roots"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    pem: Mapped[bytes]


class StampDebt(Base):
    """A stamp that is owed: of whom, over what, since when, and when it is asked for. `error`: the last reason."""

    __tablename__ = "stamp_debts"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    manifest_sha256: Mapped[str] = mapped_column(primary_key=True)
    authority: Mapped[str] = mapped_column(primary_key=True)
    covers: Mapped[str] = mapped_column(primary_key=True)
    owed_since: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int]
    error: Mapped[str]


class Proof(Base):
    """An OpenTimestamps proof of a seal; none before a calendar took it, `attested_at` once Bitcoin attests it."""

    __tablename__ = "proofs"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    manifest_sha256: Mapped[str] = mapped_column(primary_key=True)
    proof: Mapped[bytes | None] = mapped_column(default=None)
    attested_at: Mapped[datetime | None] = mapped_column(default=None)
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
