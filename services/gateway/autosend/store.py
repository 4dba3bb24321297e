"""Tables of auto-send policies."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.autosend.policy import PolicyState, Terms, state_of
from services.gateway.store import Base


class Policy(Base):
    """A policy with who proposed it, who switched it on (never the same) and who ended it, by pseudonym."""

    __tablename__ = "autosend_policies"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]  # whose cases it may decide
    name: Mapped[str]
    banks: Mapped[list[str]]
    recipients: Mapped[list[str]]
    daily_cap: Mapped[int]
    expires_at: Mapped[datetime]
    why: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    @property
    def terms(self) -> Terms:
        return Terms(frozenset(self.banks), frozenset(self.recipients), self.daily_cap, self.expires_at)

    def state(self, now: datetime) -> PolicyState:
        return state_of(self.approved_at, self.ended_at, self.expires_at, now)


class PolicyUse(Base):
    """A case that a policy decided, and by which match."""

    __tablename__ = "autosend_uses"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID]
    used_at: Mapped[datetime]
    match: Mapped[dict[str, Any]]


class Switch(Base):
    """The one switch of an agency: while its row says off, no policy decides anything. `revision` counts its turns."""

    __tablename__ = "autosend_switch"

    agency: Mapped[str] = mapped_column(primary_key=True)
    off: Mapped[bool]
    revision: Mapped[int] = mapped_column(sa.Integer)
    by: Mapped[str]
    why: Mapped[str]
    at: Mapped[datetime]
