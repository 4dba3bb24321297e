"""Tables of peers, of what they stated and of what we state."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base


class PeerState(StrEnum):
    PROPOSED = "proposed"  # a second person has not confirmed it
    ACTIVE = "active"
    REPLACED = "replaced"  # by a newer proposal that was confirmed
    DISBELIEVED = "disbelieved"


class ReceivedState(StrEnum):
    WAITING = "waiting"  # in quarantine: it counts nowhere
    TAKEN = "taken"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    DISBELIEVED = "disbelieved"


class Peer(Base):
    """An agency as it was proposed; nothing of that changes later, so that what is confirmed is what was proposed.
    `url`: of its statements, empty where files alone come. `position`: of its list, up to which all was read.
    `failure`: what the last call failed of. `counts`: statements by what became of them, also of bad ones."""

    __tablename__ = "peers"

    peer_id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    name: Mapped[str]
    url: Mapped[str]
    sealed: Mapped[bytes | None]
    state: Mapped[str]
    position: Mapped[int]
    due_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(sa.Integer)
    failure: Mapped[str | None]
    pulled_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    @property
    def place(self) -> str:
        """What its token is sealed for."""
        return f"peer {self.peer_id}"


class PeerKey(Base):
    """`public_key`: base64url, as in a JWK."""

    __tablename__ = "peer_keys"

    peer_id: Mapped[UUID] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[str]
    revoked_at: Mapped[datetime | None]


class Received(Base):
    """A peer's statement that was proved. `about`: of a withdrawal what is withdrawn. `batch`: the confirmation that
    would accept it."""

    __tablename__ = "received_statements"

    statement_id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    kind: Mapped[str]
    about: Mapped[UUID | None]
    body: Mapped[dict[str, Any]]
    statement: Mapped[str]
    issued_at: Mapped[datetime]
    until: Mapped[datetime | None]
    received_at: Mapped[datetime]
    state: Mapped[str]
    batch: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class Issued(Base):
    """Ours, at a position without gaps. `subject`: what it is about, in our own words; at most one of a subject
    stands. `about`: of a withdrawal what is withdrawn."""

    __tablename__ = "issued_statements"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    statement_id: Mapped[UUID]
    kind: Mapped[str]
    subject: Mapped[str]
    about: Mapped[UUID | None]
    body: Mapped[dict[str, Any]]
    statement: Mapped[str]
    issued_at: Mapped[datetime]
    until: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    by: Mapped[str]


class IssuedEnds(Base):
    """One row, held while a position is given: a later one is never in sight before an earlier one."""

    __tablename__ = "issued_ends"

    one: Mapped[bool] = mapped_column(primary_key=True)
    newest: Mapped[int]


class FederationKey(Base):
    """Every key that signed statements of ours, with the time of its use."""

    __tablename__ = "federation_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
