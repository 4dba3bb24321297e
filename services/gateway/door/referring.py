"""A person asks to be called by a partner: consent, an event without any of it, the details once, to the partner."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa

from services.gateway import history
from services.gateway.audit import Action
from services.gateway.door.given import DOOR
from services.gateway.door.house import Partner
from services.gateway.door.store import ReferralRow, ReportRow
from services.gateway.problems import Problem
from shared.database import Transaction
from shared.events import ReferralMade
from shared.identity import identity


async def refer(tx: Transaction, report: ReportRow, partner: Partner) -> None:
    """Asked twice, while nobody has fetched it, is asked once."""
    present = sa.select(sa.func.count()).select_from(ReferralRow)
    mine = ReferralRow.report_id == report.report_id, ReferralRow.partner == partner.id
    before = await tx.scalar(present.where(*mine)) or 0
    if await tx.scalar(present.where(*mine, ReferralRow.fetched_at.is_(None), ReferralRow.withdrawn_at.is_(None))):
        return
    now = tx.clock.now()
    row = ReferralRow(
        referral_id=identity("referral", report.report_id, partner.id, before),
        report_id=report.report_id,
        agency=report.agency,
        partner=partner.id,
        services=list(partner.services),
        language=report.language,
        consented_at=now,
    )
    tx.add(row)
    report.updated_at = now
    details = {"partner": partner.id, "services": list(partner.services)}
    await history.append(tx, report.report_id, DOOR, Action.REFERRED, details)
    event = ReferralMade(
        referral_id=row.referral_id,
        report_id=report.report_id,
        partner=partner.id,
        services=partner.services,
        language=report.language,
        consented_at=now,
    )
    tx.publish(event, id=identity("referral.made", row.referral_id))


async def waiting(tx: Transaction, partners: Collection[str], limit: int) -> Sequence[ReferralRow]:
    """What these partners have not fetched yet, the oldest first."""
    unfetched = ReferralRow.fetched_at.is_(None), ReferralRow.withdrawn_at.is_(None)
    mine = sa.select(ReferralRow).where(ReferralRow.partner.in_(partners), *unfetched)
    return await tx.scalars(mine.order_by(ReferralRow.consented_at, ReferralRow.referral_id).limit(limit))


async def fetch(
    tx: Transaction, referral_id: UUID, partners: Collection[str], by: str
) -> tuple[ReferralRow, ReportRow]:
    """The receipt. Raises `Problem` 404, also for another partner's; 409 when it was fetched, 410 when it is void."""
    of_report = sa.select(ReferralRow.report_id).where(ReferralRow.referral_id == referral_id)
    report_id = await tx.scalar(of_report.where(ReferralRow.partner.in_(partners)))
    # The report first, as where the person takes it back.
    report = await tx.get(ReportRow, report_id, lock=True) if report_id else None
    row = await tx.get(ReferralRow, referral_id, lock=True) if report else None
    if report is None or row is None:
        raise Problem(404, "no-referral")
    if row.fetched_at:
        raise Problem(409, "referral-fetched", at=row.fetched_at)
    if row.withdrawn_at:
        raise Problem(410, "referral-void")
    row.fetched_at, row.fetched_by, row.late_at = tx.clock.now(), by, None
    report.updated_at = tx.clock.now()
    await history.append(tx, report.report_id, by, Action.REFERRAL_FETCHED, {"partner": row.partner})
    return row, report
