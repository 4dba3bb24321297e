"""The reports of past nights."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.store import Base


class ReconciliationRow(Base):
    __tablename__ = "reconciliations"

    made_at: Mapped[datetime] = mapped_column(primary_key=True)
    open_ends: Mapped[int]
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
