"""Lines of the history as somebody asks for them, the newest first, paged by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.gateway.api.cursors import cursor_of, key_of, moment, whole
from services.gateway.audit import Line
from services.gateway.store import AuditLine
from shared.database import Transaction

KEY = sa.tuple_(AuditLine.at, AuditLine.chain, AuditLine.seq)


@dataclass(frozen=True)
class Wanted:
    """None: any. `since` inclusive, `until` exclusive; `after`: the key of the last line of the page before."""

    chain: UUID | None = None
    actor: str | None = None
    action: str | None = None
    agency: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True)
class Page:
    lines: Sequence[Line]
    next: str | None


async def page(tx: Transaction, wanted: Wanted) -> Page:
    """One query. Raises `Problem` for a key that is none."""
    rows = await tx.scalars(statement(wanted))
    lines = [row.line for row in rows[: wanted.limit]]
    return Page(lines, key(lines[-1]) if len(rows) > wanted.limit else None)


def statement(wanted: Wanted) -> sa.Select[AuditLine]:
    asked = sa.select(AuditLine).order_by(AuditLine.at.desc(), AuditLine.chain.desc(), AuditLine.seq.desc())
    for name in ("chain", "actor", "action", "agency"):
        if (value := getattr(wanted, name)) is not None:
            asked = asked.where(getattr(AuditLine, name) == value)
    if wanted.since:
        asked = asked.where(AuditLine.at >= wanted.since)
    if wanted.until:
        asked = asked.where(AuditLine.at < wanted.until)
    if wanted.after:
        at, chain, seq = key_of(wanted.after, moment, UUID, whole)
        # The time by itself is what chooses partitions.
        asked = asked.where(AuditLine.at <= at, sa.tuple_(at, chain, seq) > KEY)
    return asked.limit(wanted.limit + 1)


def key(line: Line) -> str:
    return cursor_of(line.at, line.chain, line.seq)
