"""What the service remembers of each case: its seal, or why there is none."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}


class Evidence(Base):
    __tablename__ = "evidence"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    manifest_sha256: Mapped[str | None] = mapped_column(default=None)
    objects: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    sealed_at: Mapped[datetime | None] = mapped_column(default=None)
    failed_reason: Mapped[str | None] = mapped_column(default=None)  # of the latest capture, when it failed
    failed_at: Mapped[datetime | None] = mapped_column(default=None)
    destroy_order: Mapped[UUID | None] = mapped_column(default=None)  # once it is set, nothing is kept of it any more
    destroyed_at: Mapped[datetime | None] = mapped_column(default=None)
