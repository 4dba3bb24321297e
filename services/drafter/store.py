"""What was drafted for each case."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}


class DraftRow(Base):
    """The first draft. `sealed`: the event that it was written from, without title and text of the page, for later
    rounds; None where nothing was preserved."""

    __tablename__ = "drafts"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    notices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    drafted_at: Mapped[datetime]
    sealed: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)


class RoundRow(Base):
    """A later draft of a case: what could not be written before something happened."""

    __tablename__ = "rounds"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    why: Mapped[str]
    notices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    drafted_at: Mapped[datetime]
