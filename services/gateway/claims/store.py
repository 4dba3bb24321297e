"""Tables of the queue: what awaits review and who holds it, and whom a case is not shown to for a while."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base


class Turn(Base):
    """A case that awaits review. `formula`: by which `rank` was computed; `further`: a round after the first is to be
    decided; `pictures`: how many have to be looked at. `holder`, a pseudonym, has it until `until`."""

    __tablename__ = "turns"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    rank: Mapped[float]
    category: Mapped[str]
    language: Mapped[str | None]
    pictures: Mapped[int]
    known: Mapped[bool]
    reported: Mapped[bool]
    further: Mapped[bool]
    formula: Mapped[int]
    holder: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    until: Mapped[datetime | None]


class Skip(Base):
    """Not shown to this person as the next until then."""

    __tablename__ = "skips"

    pseudonym: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    until: Mapped[datetime]
