"""What was judged in the last days, flagged or not: for dry runs of rules, matching backwards, learning, drift.

No words of the page and no picture: addresses, hashes, circumstances and signals. The tables of hash banks, rules,
models and conversations are beside what uses them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
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


@dataclass(frozen=True)
class Judged:
    """A row of `seen` to be written. Of `finding`, title and excerpt are left out."""

    case_id: UUID
    finding: Finding
    capture: Capture
    signals: Signals
    judged_at: datetime
    risk: float
    urgency: float
    flagged: bool

    @classmethod
    def of(cls, found: ContentFound, signals: Signals, judgement: Judgement, at: datetime) -> Self:
        return cls(
            case_id=case_id(found.finding.url),
            finding=found.finding,
            capture=found.capture,
            signals=signals,
            judged_at=at,
            risk=judgement.risk.score,
            urgency=judgement.urgency.score,
            flagged=judgement.flagged,
        )


# One statement a batch with an array a column: a tenth of the time of as many rows with a parameter each.
_REMEMBER = sa.text(
    """
    INSERT INTO seen (content_id, case_id, url, host, found_at, judged_at, risk, urgency, flagged,
                      finding, capture, signals)
    SELECT content_id, case_id, url, host, found_at, judged_at, risk, urgency, flagged,
           CAST(finding AS jsonb), CAST(capture AS jsonb), CAST(signals AS jsonb)
    FROM unnest(CAST(:content_id AS uuid[]), CAST(:case_id AS uuid[]), CAST(:url AS text[]), CAST(:host AS text[]),
                CAST(:found_at AS timestamptz[]), CAST(:judged_at AS timestamptz[]), CAST(:risk AS float8[]),
                CAST(:urgency AS float8[]), CAST(:flagged AS bool[]), CAST(:finding AS text[]),
                CAST(:capture AS text[]), CAST(:signals AS text[]))
      AS row(content_id, case_id, url, host, found_at, judged_at, risk, urgency, flagged, finding, capture, signals)
    ORDER BY content_id
    ON CONFLICT (content_id) DO UPDATE SET
      case_id = excluded.case_id, url = excluded.url, host = excluded.host, found_at = excluded.found_at,
      judged_at = excluded.judged_at, risk = excluded.risk, urgency = excluded.urgency, flagged = excluded.flagged,
      finding = excluded.finding, capture = excluded.capture, signals = excluded.signals
    """
)
REPLACEMENT = "\ufffd"  # PostgreSQL keeps no U+0000
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


async def remember(tx: Transaction, judged: Sequence[Judged]) -> None:
    """Write what was judged; content seen again replaces what it was."""
    rows = [_row(one) for one in {one.finding.content_id: one for one in judged}.values()]
    if rows:
        await tx.execute(_REMEMBER, {name: [row[name] for row in rows] for name in rows[0]})


def _row(one: Judged) -> dict[str, Any]:
    return {
        "content_id": one.finding.content_id,
        "case_id": one.case_id,
        "url": one.finding.url.replace("\0", REPLACEMENT),
        "host": one.signals.host.replace("\0", REPLACEMENT),
        "found_at": one.finding.found_at,
        "judged_at": one.judged_at,
        "risk": one.risk,
        "urgency": one.urgency,
        "flagged": one.flagged,
        "finding": _json(one.finding.model_copy(update={"title": "", "excerpt": ""})),
        "capture": _json(one.capture),
        "signals": _json(one.signals),
    }


def _json(value: BaseModel) -> str:
    written = value.model_dump_json(exclude_defaults=True)
    return _NUL.sub(rf"\1{REPLACEMENT}", written) if "\\u0000" in written else written
