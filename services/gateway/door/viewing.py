"""What a report looks like to who made it: where each address stands, who was asked to call, what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from services.gateway.door.standing import Standing, standing
from services.gateway.door.store import DocumentRow, PageRow, ReferralRow, ReportRow
from services.gateway.store import Case
from shared.database import Transaction


@dataclass(frozen=True)
class Page:
    row: PageRow
    standing: Standing


@dataclass(frozen=True)
class View:
    report: ReportRow
    pages: Sequence[Page]
    referrals: Sequence[ReferralRow]
    documents: int  # that are still there


async def view(tx: Transaction, report: ReportRow) -> View:
    pages = await pages_of(tx, [report.report_id])
    referrals = sa.select(ReferralRow).where(ReferralRow.report_id == report.report_id)
    documents = sa.select(sa.func.count()).select_from(DocumentRow)
    there = DocumentRow.report_id == report.report_id, DocumentRow.sealed.is_not(None)
    return View(
        report,
        pages.get(report.report_id, []),
        await tx.scalars(referrals.order_by(ReferralRow.consented_at)),
        await tx.scalar(documents.where(*there)) or 0,
    )


async def pages_of(tx: Transaction, reports: Sequence[UUID]) -> dict[UUID, list[Page]]:
    """Of these reports, in the order in which they were given."""
    joined = sa.select(PageRow, Case).outerjoin(Case, Case.case_id == PageRow.case_id)
    rows = await tx.execute(joined.where(PageRow.report_id.in_(reports)).order_by(PageRow.report_id, PageRow.place))
    pages: dict[UUID, list[Page]] = {}
    for row, case in map(tuple, rows):
        pages.setdefault(row.report_id, []).append(Page(row, standing(row, case)))
    return pages
