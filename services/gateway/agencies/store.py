"""Tables of agencies and of the cases that they hand to one another."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.agencies.taking import Takes
from services.gateway.store import Base, Stored


class Agency(Base):
    """A tenant. `languages`: what its people read. `takes`: which new cases are its own; `position`: whose rule is
    asked first. Written at the command line alone."""

    __tablename__ = "agencies"

    agency: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    languages: Mapped[list[str]]
    contact: Mapped[str]
    takes: Mapped[Takes] = mapped_column(Stored(Takes))
    position: Mapped[int] = mapped_column(sa.Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Transfer(Base):
    """A case offered by one agency to another. `outcome`: accepted, declined or withdrawn; none while it is open.
    `category` tells the other side what kind of case it is; all else of it they see once they have accepted."""

    __tablename__ = "transfers"

    transfer_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    from_agency: Mapped[str]
    to_agency: Mapped[str]
    why: Mapped[str]
    category: Mapped[str | None]
    offered_by: Mapped[str]
    offered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    outcome: Mapped[str | None]
