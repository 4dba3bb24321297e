"""Reports as officials see them: lists, one with all of it, and what they do with it. Who reported stays sealed until
somebody opens it, with a reason that the history keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.api.cursors import cursor_of, key_of, moment
from services.gateway.audit import Action
from services.gateway.door import keeping
from services.gateway.door.linking import STALLED, UNREACHED
from services.gateway.door.numbers import read_number
from services.gateway.door.store import DocumentRow, PageRow, ReferralRow, ReportRow
from services.gateway.parts import Parts
from services.gateway.problems import Problem
from shared.database import Transaction

LATE = sa.exists().where(ReferralRow.report_id == ReportRow.report_id, ReferralRow.late_at.is_not(None))
VIEWS: Mapping[str, sa.ColumnElement[bool]] = {
    "new": sa.and_(ReportRow.seen_at.is_(None), ReportRow.withdrawn_at.is_(None)),
    "unreached": ReportRow.alarm == UNREACHED,
    "stalled": ReportRow.alarm == STALLED,
    "late": LATE,
    "withdrawn": ReportRow.withdrawn_at.is_not(None),
    "all": sa.true(),
}
MAX_REASON = 500  # characters


@dataclass(frozen=True)
class Wanted:
    """`case`: the reports of this case alone."""

    view: str = "all"
    case: UUID | None = None
    after: str | None = None
    limit: int = 50


async def page(tx: Transaction, wanted: Wanted) -> tuple[Sequence[ReportRow], str | None]:
    """The newest first. Raises `Problem` 422 for a key that is none."""
    statement = sa.select(ReportRow).where(VIEWS[wanted.view])
    if wanted.case:
        of_case = PageRow.report_id == ReportRow.report_id, PageRow.case_id == wanted.case
        statement = statement.where(sa.exists().where(*of_case))
    if wanted.after:
        key = key_of(wanted.after, moment, UUID)
        statement = statement.where(sa.tuple_(ReportRow.created_at, ReportRow.report_id) < sa.tuple_(*key))
    ordered = statement.order_by(ReportRow.created_at.desc(), ReportRow.report_id.desc()).limit(wanted.limit + 1)
    rows = await tx.scalars(ordered)
    shown = rows[: wanted.limit]
    return shown, cursor_of(shown[-1].created_at, shown[-1].report_id) if len(rows) > wanted.limit else None


async def counts(tx: Transaction) -> dict[str, int]:
    columns = [sa.func.count().filter(which).label(name) for name, which in VIEWS.items()]
    return dict((await tx.execute(sa.select(*columns).select_from(ReportRow))).mappings().one())


async def by_number(tx: Transaction, number: str, *, lock: bool = False) -> ReportRow:
    """Raises `Problem` 404."""
    found = sa.select(ReportRow).where(ReportRow.number == (read_number(number) or ""))
    row = await tx.scalar(found.with_for_update() if lock else found)
    if row is None:
        raise Problem(404, "no-report")
    return row


async def documents_of(tx: Transaction, report_id: UUID) -> Sequence[DocumentRow]:
    rows = sa.select(DocumentRow).where(DocumentRow.report_id == report_id, DocumentRow.sealed.is_not(None))
    return await tx.scalars(rows.order_by(DocumentRow.given_at))


async def see(tx: Transaction, report: ReportRow, by: Account) -> None:
    """Somebody takes note of a report, and of its alarm."""
    report.seen_at, report.seen_by, alarm = tx.clock.now(), by.pseudonym, report.alarm
    report.alarm = None
    await history.append(tx, report.report_id, by.pseudonym, Action.REPORT_SEEN, {"alarm": alarm or ""})


async def open_contact(tx: Transaction, parts: Parts, report: ReportRow, why: str, by: Account) -> keeping.Told:
    """The line is written before anything is shown. Raises `Problem` 409 when nothing is kept, 422."""
    why = reason(why)
    if report.secret is None:
        raise Problem(409, "report-nothing-kept")
    await history.append(tx, report.report_id, by.pseudonym, Action.REPORT_OPENED, {"why": why})
    told = await keeping.told(parts.vault.keys, report.report_id, report.secret, report.secret_key)
    return told or keeping.Told()


async def open_document(
    tx: Transaction, parts: Parts, report: ReportRow, document_id: UUID, why: str, by: Account
) -> tuple[DocumentRow, bytes]:
    """Raises `Problem` 404, 422."""
    why = reason(why)
    row = await tx.get(DocumentRow, document_id)
    if row is None or row.report_id != report.report_id or row.sealed is None or row.sealed_key is None:
        raise Problem(404, "report-nothing-kept")
    details = {"document": row.sha256, "why": why}
    await history.append(tx, report.report_id, by.pseudonym, Action.REPORT_DOCUMENT, details)
    return row, await keeping.unseal(parts.vault.keys, document_id, row.sealed, row.sealed_key)


def reason(text: str) -> str:
    """Raises `Problem` 422."""
    if not text.strip():
        raise Problem(422, "no-words", field="why")
    if len(text) > MAX_REASON:
        raise Problem(422, "too-long", field="why", most=MAX_REASON)
    return text.strip()
