"""What was judged in the last days, flagged or not: for dry runs of rules, matching backwards, learning, drift.

No words of the page and no picture: addresses, hashes, circumstances and signals. The tables of hash banks, rules,
models and conversations are beside what uses them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import Transaction


class Base(DeclarativeBase):
    pass


class Seen(Base):
    """`finding` and `capture` as in `content.found`, without excerpt; `signals` as `services.classifier.signals`."""

    __tablename__ = "seen"

    content_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    url: Mapped[str]
    host: Mapped[str]
    found_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    judged_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    risk: Mapped[float]
    urgency: Mapped[float]
    flagged: Mapped[bool]
    finding: Mapped[dict[str, Any]] = mapped_column(JSONB)
    capture: Mapped[dict[str, Any]] = mapped_column(JSONB)
    signals: Mapped[dict[str, Any]] = mapped_column(JSONB)


async def remember(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Write what was judged; content seen again replaces what it was."""
    if not rows:
        return
    statement = insert(Seen).values(list(rows))
    new = {column.name: statement.excluded[column.name] for column in Seen.__table__.columns if not column.primary_key}
    await tx.execute(statement.on_conflict_do_update(index_elements=[Seen.content_id], set_=new))
