"""Tables of figures: cells by day and by month, what each case added, how far was counted, months made public."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base

DAY, MONTH = "day", "month"


class FigureCell(Base):
    """`grain`: day or month; `period`: its first day."""

    __tablename__ = "figure_cells"

    agency: Mapped[str] = mapped_column(primary_key=True)
    grain: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class FigureCase(Base):
    """`counted`: the cells that the case added, deflated JSON."""

    __tablename__ = "figure_cases"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    counted: Mapped[bytes]


class FigureCursor(Base):
    """The one row: up to which change of a case everything is counted that was committed then."""

    __tablename__ = "figure_cursor"

    one: Mapped[bool] = mapped_column(primary_key=True)
    updated_at: Mapped[datetime]
    case_id: Mapped[UUID]


class PublishedMonth(Base):
    """Written once and never again: what is public does not change, so that nothing follows from a change."""

    __tablename__ = "published_months"

    month: Mapped[date] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
