"""Which reports belong to which case: one report has several addresses, one case several reports."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.gateway import history
from services.gateway.audit import Action, Step
from services.gateway.cases import settle
from services.gateway.door.store import PageRow, ReportRow
from services.gateway.notices.rows import Held
from shared.database import Transaction
from shared.events import ContentFlagged, PageUnreached

UNREACHED, STALLED = "unreached", "stalled"  # alarms of a report


async def joined(tx: Transaction, held: Held, actor: str) -> None:
    """Somebody reported the case's page: it counts, and the case's history says so, without saying who."""
    await count(tx, held)
    await settle(tx, held, actor, Step(Action.CASE_REPORTED, {"reports": held.case.reports}))


async def count(tx: Transaction, held: Held) -> None:
    """How many reports of it stand, since when; and since when none does any more."""
    case, standing = held.case, ReportRow.withdrawn_at.is_(None)
    of_case = sa.select(
        sa.func.count(sa.distinct(ReportRow.report_id)).filter(standing),
        sa.func.min(PageRow.reported_at).filter(standing),
        sa.func.max(ReportRow.withdrawn_at),
    ).where(PageRow.case_id == case.case_id, PageRow.report_id == ReportRow.report_id, PageRow.reached_at.is_not(None))
    case.reports, case.reported_at, withdrawn_at = tuple((await tx.execute(of_case)).one())
    case.withdrawn_at = withdrawn_at if not case.reports else None


async def flagged(tx: Transaction, held: Held, event: ContentFlagged) -> None:
    """Everybody who waits for the case's page has it now, also where a redirect led there. The case is held."""
    case, now = held.case, tx.clock.now()
    waits = PageRow.page_id.in_(event.reports) | (PageRow.case_id == case.case_id)
    reached = sa.update(PageRow).where(waits, PageRow.reached_at.is_(None) | PageRow.page_id.in_(event.reports))
    values = {"case_id": case.case_id, "reached_at": sa.func.coalesce(PageRow.reached_at, now), "problem": None}
    rows = await tx.execute(reached.values(values | {"final": False}).returning(PageRow.report_id))
    reports = set(rows.scalars())
    if not reports:
        return
    for report in sorted(reports, key=lambda one: one.hex):
        await _progress(tx, report, now)
    await count(tx, held)
    if event.reports and back(held, event.finding.found_at):
        case.reappeared_at = max(case.reappeared_at or now, event.finding.found_at)


def back(held: Held, seen_at: datetime) -> bool:
    """A removed page shows content again, and who reported it made us look."""
    gone = held.case.verified_at or held.case.removed_at
    return gone is not None and seen_at > gone


async def unreached(event: PageUnreached, tx: Transaction) -> None:
    """A visit gave no content: the person is told, and when nothing more is to be expected an official is."""
    page = await tx.get(PageRow, event.report_id, lock=True)
    if page is None or page.reached_at or (page.tried_at and page.tried_at > event.tried_at):
        return
    page.problem, page.final, page.tried_at = event.problem.replace("\0", ""), event.final, event.tried_at
    await tx.flush()
    await _progress(tx, page.report_id, tx.clock.now(), given_up=event.final)
    details = {"page": str(page.page_id), "final": event.final}
    await history.append(tx, page.report_id, event.owner, Action.PAGE_UNREACHED, details, agency=page.agency)


async def _progress(tx: Transaction, report_id: UUID, now: datetime, *, given_up: bool = False) -> None:
    """The report's row as its pages are now: an alarm for each that is given up, since its reporter is told that a
    person looks at it."""
    report = await tx.get(ReportRow, report_id, lock=True)
    if report is None:
        return
    report.updated_at = now
    if given_up and not report.withdrawn_at:
        report.alarm, report.seen_at, report.seen_by = UNREACHED, None, None
        return
    failed = PageRow.report_id == report_id, PageRow.final, PageRow.reached_at.is_(None)
    if report.alarm == STALLED or not await tx.scalar(sa.select(sa.func.count()).select_from(PageRow).where(*failed)):
        report.alarm = None
