"""What nobody else would notice: reports without progress, referrals without receipt, data that were kept enough."""

from dataclasses import dataclass

import sqlalchemy as sa

from services.gateway.door import limits, pins
from services.gateway.door.changing import forget
from services.gateway.door.house import House
from services.gateway.door.linking import STALLED
from services.gateway.door.store import DocumentRow, PageRow, ReferralRow, ReportRow
from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

LOOK_S = 60.0
AT_ONCE = 100  # reports whose data go in one transaction
RETENTION = "retention"


@dataclass(frozen=True)
class Watch:
    house: House

    async def run(self, context: Context) -> None:
        await regularly(context, LOOK_S, self.look)

    async def look(self, tx: Transaction) -> None:
        await self._stalled(tx)
        await self._late(tx)
        await self._forget(tx)
        await limits.tidy(tx)
        await pins.tidy(tx)

    async def _stalled(self, tx: Transaction) -> None:
        """Neither seen nor failed for so long: whatever holds it up need not be known here."""
        before = tx.clock.now() - self.house.stalled
        waits = sa.exists().where(
            PageRow.report_id == ReportRow.report_id,
            PageRow.reached_at.is_(None),
            PageRow.final.is_(False),
            PageRow.reported_at < before,
        )
        unseen = sa.or_(ReportRow.seen_at.is_(None), ReportRow.seen_at < before)
        standing = ReportRow.alarm.is_(None), ReportRow.withdrawn_at.is_(None)
        # What somebody else has locked is looked at the next time.
        stalled = sa.select(ReportRow.report_id).where(*standing, waits, unseen).with_for_update(skip_locked=True)
        change = sa.update(ReportRow).where(ReportRow.report_id.in_(stalled.scalar_subquery()))
        await tx.execute(change.values(alarm=STALLED, seen_at=None, seen_by=None))

    async def _late(self, tx: Transaction) -> None:
        late = ReferralRow.consented_at < tx.clock.now() - self.house.late
        waiting = ReferralRow.fetched_at.is_(None), ReferralRow.withdrawn_at.is_(None), ReferralRow.late_at.is_(None)
        await tx.execute(sa.update(ReferralRow).where(late, *waiting).values(late_at=tx.clock.now()))

    async def _forget(self, tx: Transaction) -> None:
        documents = sa.exists().where(DocumentRow.report_id == ReportRow.report_id, DocumentRow.sealed.is_not(None))
        kept = sa.select(ReportRow).where(
            ReportRow.updated_at < tx.clock.now() - self.house.keep, ReportRow.secret.is_not(None) | documents
        )
        ordered = kept.order_by(ReportRow.report_id).limit(AT_ONCE).with_for_update(skip_locked=True)
        for report in await tx.scalars(ordered):
            await forget(tx, report, "gateway", RETENTION)
