"""Each night: the report, kept and told; old mails forgotten."""

from datetime import timedelta

import sqlalchemy as sa
import structlog

from services.notifier.inbox.store import MailRow, UnmatchedRow
from services.notifier.reconciliation.gathering import gather, unmatched
from services.notifier.reconciliation.report import Report, due
from services.notifier.reconciliation.store import ReconciliationRow
from shared.database import Database, Transaction
from shared.failures import Transient
from shared.handling import Context

log = structlog.get_logger(__name__)

KEPT = 90  # reports
UNMATCHED_KEPT = timedelta(days=180)  # a sender's address and a subject are personal data
MAILS_KEPT = timedelta(days=180)  # a mailbox that is read anew is read from a month ago on
LOOK_S = 60.0
STOP_POLL_S = 0.5
LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('notifier.reconciliation', 0))")


async def run(context: Context) -> None:
    """A background task."""
    looked_at: float | None = None
    while not context.stopping():
        now = context.clock.monotonic()
        if looked_at is None or now - looked_at >= LOOK_S:
            looked_at = now
            try:
                await _look(context)
            except Transient as failure:
                log.warning("the reconciliation has to wait", reason=str(failure))
        await context.clock.sleep(STOP_POLL_S)


async def _look(context: Context) -> None:
    async with context.database.transaction() as tx:
        context.metrics.mails_unmatched.set((await unmatched(tx))[0])
    if (report := await night(context.database)) is not None:
        context.metrics.open_ends.set(report.open_count)


async def night(database: Database) -> Report | None:
    """The report, when one is due. Of several processes that make it at once, the first keeps it."""
    async with database.transaction() as tx:
        if not await _due(tx):
            return None
    report = await gather(database)
    async with database.transaction() as tx:
        await tx.execute(LOCK)
        if not await _due(tx):
            return None
        _keep(tx, report)
        await _forget(tx)
    for alarm in report.alarms:
        log.error("reconciliation", alarm=alarm)
    log.info("reconciled", notices=report.notices, unmatched=report.unmatched, alarms=len(report.alarms))
    return report


async def _due(tx: Transaction) -> bool:
    return due(tx.clock.now(), await tx.scalar(sa.select(sa.func.max(ReconciliationRow.made_at))))


def _keep(tx: Transaction, report: Report) -> None:
    tx.add(ReconciliationRow(made_at=report.made_at, open_ends=report.open_count, report=report.as_json()))


async def _forget(tx: Transaction) -> None:
    await tx.flush()
    newest = sa.select(ReconciliationRow.made_at).order_by(ReconciliationRow.made_at.desc()).limit(KEPT)
    kept = sa.select(newest.subquery().c.made_at)
    await tx.execute(sa.delete(ReconciliationRow).where(ReconciliationRow.made_at.not_in(kept)))
    await tx.execute(sa.delete(UnmatchedRow).where(UnmatchedRow.arrived_at < tx.clock.now() - UNMATCHED_KEPT))
    await tx.execute(sa.delete(MailRow).where(MailRow.taken_at < tx.clock.now() - MAILS_KEPT))
