"""What the retention of a case follows from, as events tell it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.evidence.orders.retention import Facts
from services.evidence.orders.store import Retention
from services.evidence.store import Evidence
from shared.database import Transaction
from shared.events import Assessment, ReviewDecided

PAGE = 2_000  # cases read at once; a few hundred bytes each


async def sealed(tx: Transaction, case_id: UUID, assessment: Assessment) -> None:
    """The case was sealed under this assessment. Categories add up: what once named a minor stays named."""
    row = await _locked(tx, case_id)
    told = {assessment.category, *(match.category for match in assessment.matches)} - {""}
    row.categories = sorted({*row.categories, *told})


async def decided(tx: Transaction, event: ReviewDecided) -> None:
    """The latest verdict counts."""
    row = await _locked(tx, event.case_id)
    if row.decided_at is None or row.decided_at <= event.decided_at:
        row.verdict, row.decided_at = event.verdict.value, event.decided_at


async def choose(tx: Transaction, case_id: UUID, kept_as: str, order_id: UUID) -> None:
    row = await _locked(tx, case_id)
    row.chosen, row.chosen_at, row.chosen_by_order = kept_as, tx.clock.now(), order_id


async def of(tx: Transaction, case_id: UUID) -> Facts | None:
    """None when nothing is sealed of it, or it was destroyed."""
    rows = (await tx.execute(_with_retention(_sealed().where(Evidence.case_id == case_id)))).all()
    return _facts(rows[0]) if rows else None


async def every(tx: Transaction) -> AsyncIterator[Facts]:
    """Every case that has evidence, by number."""
    after: UUID | None = None
    while True:
        page = _sealed().order_by(Evidence.case_id).limit(PAGE)
        page = page if after is None else page.where(Evidence.case_id > after)
        rows = (await tx.execute(_with_retention(page))).all()
        for row in rows:
            yield _facts(row)
        if len(rows) < PAGE:
            return
        after = rows[-1].case_id


def _sealed() -> sa.Select[*tuple[Any, ...]]:
    kept = sa.and_(Evidence.sealed_at.isnot(None), Evidence.destroyed_at.is_(None))
    return sa.select(Evidence.case_id, Evidence.sealed_at).where(kept)


def _with_retention(page: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """The page is cut first: joined as a whole, each of its pages would read both tables."""
    cases = page.subquery()
    columns = (Retention.categories, Retention.verdict, Retention.decided_at, Retention.chosen)
    joined = sa.select(cases.c.case_id, cases.c.sealed_at, *columns)
    return joined.outerjoin(Retention, Retention.case_id == cases.c.case_id).order_by(cases.c.case_id)


def _facts(row: sa.Row[Any]) -> Facts:
    return Facts(row.case_id, row.sealed_at, tuple(row.categories or ()), row.verdict, row.decided_at, row.chosen)


async def _locked(tx: Transaction, case_id: UUID) -> Retention:
    await tx.execute(insert(Retention).values(case_id=case_id, categories=[]).on_conflict_do_nothing())
    row = await tx.get(Retention, case_id, lock=True)
    if row is None:
        raise LookupError(f"the retention of case {case_id} vanished while it was changed")
    return row
