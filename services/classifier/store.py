"""What was judged in the last days, flagged or not: for dry runs of rules, matching backwards, learning, drift.

No words of the page and no picture: addresses, hashes, circumstances and signals. The tables of hash banks, rules,
models and conversations are beside what uses them.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, TypeAdapter
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.classifier.domain import Judgement
from services.classifier.signals import Signals
from shared.database import Transaction
from shared.events import ContentFound
from shared.events.values import Capture, Finding
from shared.identity import case_id


class Base(DeclarativeBase):
    pass


class Seen(Base):
    """`finding` and `capture` as in `content.found`, without title and excerpt; `signals` as `signals.Signals`."""

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


class Judged(BaseModel):
    """A row of `seen` to be written."""

    content_id: UUID
    case_id: UUID
    url: str
    host: str
    found_at: AwareDatetime
    judged_at: AwareDatetime
    risk: float
    urgency: float
    flagged: bool
    finding: Finding
    capture: Capture
    signals: Signals

    @classmethod
    def of(cls, found: ContentFound, signals: Signals, judgement: Judgement, at: datetime) -> "Judged":
        """Of the finding, title and excerpt are left out."""
        return cls.model_construct(  # its parts were validated when they came
            content_id=found.finding.content_id,
            case_id=case_id(found.finding.url),
            url=found.finding.url,
            host=found.host,
            found_at=found.finding.found_at,
            judged_at=at,
            risk=judgement.risk.score,
            urgency=judgement.urgency.score,
            flagged=judgement.flagged,
            finding=found.finding.model_copy(update={"title": "", "excerpt": ""}),
            capture=found.capture,
            signals=signals,
        )


_ROWS = TypeAdapter(list[Judged])
# One statement and one parameter a batch: an array a column would be escaped quote by quote, in Python.
_REMEMBER = sa.text(
    """
    INSERT INTO seen (content_id, case_id, url, host, found_at, judged_at, risk, urgency, flagged,
                      finding, capture, signals)
    SELECT content_id, case_id, url, host, found_at, judged_at, risk, urgency, flagged, finding, capture, signals
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
      AS row(content_id uuid, case_id uuid, url text, host text, found_at timestamptz, judged_at timestamptz,
             risk float8, urgency float8, flagged bool, finding jsonb, capture jsonb, signals jsonb)
    ORDER BY content_id
    ON CONFLICT (content_id) DO UPDATE SET
      case_id = excluded.case_id, url = excluded.url, host = excluded.host, found_at = excluded.found_at,
      judged_at = excluded.judged_at, risk = excluded.risk, urgency = excluded.urgency, flagged = excluded.flagged,
      finding = excluded.finding, capture = excluded.capture, signals = excluded.signals
    """
)
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # PostgreSQL keeps no U+0000


async def remember(tx: Transaction, judged: Sequence[Judged]) -> None:
    """Write what was judged; content seen again replaces what it was."""
    rows = list({one.content_id: one for one in judged}.values())
    if rows:
        written = _ROWS.dump_json(rows, exclude_defaults=True).decode()
        if "\\u0000" in written:
            written = _NUL.sub("\\1\ufffd", written)
        await tx.execute(_REMEMBER, {"rows": written})
