"""A report comes in: rows, history, and the events that make crawler and classifier look. One transaction."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from services.gateway import history
from services.gateway.agencies.scoping import everywhere
from services.gateway.audit import Action
from services.gateway.cases import known
from services.gateway.domain import State
from services.gateway.door.fingerprints import submit
from services.gateway.door.given import DOOR, MOST_PAGES_EVER
from services.gateway.door.linking import joined
from services.gateway.door.store import PageRow, ReportRow
from services.gateway.problems import Problem
from services.gateway.store import Case
from services.gateway.submissions import HashedPicture
from shared.database import Transaction
from shared.events import PageReported, ReportSource
from shared.identity import case_id, identity

CLOSED = (State.REMOVED, State.REJECTED)


async def enter(tx: Transaction, report: ReportRow, urls: Sequence[str], pictures: Sequence[HashedPicture]) -> None:
    """The report is new. Its pages and pictures are looked for from now on."""
    tx.add(report)
    await tx.flush()
    submit(tx, report, pictures)
    details = {"source": report.source, "category": report.category, "pictures": len(pictures), "pages": len(urls)}
    await history.append(tx, report.report_id, report.submitted_by or DOOR, Action.REPORT_RECEIVED, details)
    await add_pages(tx, report, urls)


async def lock_cases(tx: Transaction, report_id: UUID, urls: Sequence[str]) -> None:
    """Those that the report has, or gets by these addresses. Before its own row is locked: whoever hears of a case
    locks that first and its reports then."""
    mine = sa.select(PageRow.case_id).where(PageRow.report_id == report_id)
    wanted = sa.or_(Case.case_id.in_(mine), Case.case_id.in_([case_id(url) for url in urls]))
    async with everywhere(tx):
        await tx.execute(sa.select(Case.case_id).where(wanted).order_by(Case.case_id).with_for_update())


async def add_pages(tx: Transaction, report: ReportRow, urls: Sequence[str]) -> int:
    """Those that the report has not yet; how many. Raises `Problem` 422 when it has too many."""
    mine = sa.select(PageRow.url).where(PageRow.report_id == report.report_id)
    there = set(await tx.scalars(mine))
    new = [url for url in dict.fromkeys(urls) if url not in there]
    if len(there) + len(new) > MOST_PAGES_EVER:
        raise Problem(422, "door-too-many-pages", field="urls", most=MOST_PAGES_EVER)
    rows = [_page(tx, report, url, len(there) + place) for place, url in enumerate(new, 1)]
    for row in rows:
        tx.add(row)
    await tx.flush()
    async with everywhere(tx):
        for row in sorted(rows, key=lambda one: one.case_id.hex):  # cases are locked in one order by everybody
            await _look(tx, report, row)
    report.updated_at = tx.clock.now()
    return len(rows)


def _page(tx: Transaction, report: ReportRow, url: str, place: int) -> PageRow:
    return PageRow(
        page_id=identity("reported-page", report.report_id, url),
        report_id=report.report_id,
        agency=report.agency,
        place=place,
        url=url,
        case_id=case_id(url),
        reported_at=tx.clock.now(),
        final=False,
    )


async def _look(tx: Transaction, report: ReportRow, page: PageRow) -> None:
    """Whose case the reviewers have already joins it at once. A closed one is looked at again: it may be back."""
    held = await known(tx, page.case_id)
    if held is not None and held.case.flagged_at:
        page.reached_at = tx.clock.now()
        await tx.flush()
        await joined(tx, held, DOOR)
        if held.case.state not in CLOSED:
            return
    event = PageReported(
        case_id=page.case_id,
        report_id=page.page_id,
        url=page.url,
        source=ReportSource(report.source),
        agency=report.agency,
        category=report.category,
        reported_at=page.reported_at,
    )
    tx.publish(event, id=identity("page.reported", page.page_id))
