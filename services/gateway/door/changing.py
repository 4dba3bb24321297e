"""What a person does with a report afterwards: say how to be reached, have that deleted, take the report back."""

import sqlalchemy as sa

from services.gateway import history
from services.gateway.agencies.scoping import everywhere
from services.gateway.audit import Action, Step
from services.gateway.cases import known, settle
from services.gateway.door.fingerprints import take_back
from services.gateway.door.given import DOOR
from services.gateway.door.keeping import Sealed
from services.gateway.door.linking import count
from services.gateway.door.store import DocumentRow, PageRow, ReferralRow, ReportRow
from services.gateway.notices.acting import stop_held
from services.gateway.notices.rows import Held
from services.gateway.store import Case
from shared.database import Transaction

WITHDRAWN = "the person who reported it took the report back"
# What must be acted on whether or not somebody asks for it: the duty is to whoever is shown, not to who reported.
DUTY = frozenset({"minor_apparent", "known_content", "live_stream_record", "grooming_lure"})


def keep(tx: Transaction, report: ReportRow, sealed: Sealed | None) -> None:
    """How the person is reached from now on; None for not at all. What was there before cannot be read again."""
    report.secret, report.secret_key = (sealed.data, sealed.key) if sealed else (None, None)
    report.forgotten_at = None if sealed else tx.clock.now()
    report.updated_at = tx.clock.now()


async def forget(tx: Transaction, report: ReportRow, actor: str, why: str) -> None:
    """Contact, note and documents: their keys go, so that nothing of them can be read again. The history certifies it.

    Referrals that nobody fetched are void: there is nobody to call any more."""
    documents = sa.update(DocumentRow).where(DocumentRow.report_id == report.report_id, DocumentRow.sealed.is_not(None))
    gone = (await tx.execute(documents.values(sealed=None, sealed_key=None))).rowcount
    had = report.secret is not None
    keep(tx, report, None)
    await revoke(tx, report)
    details = {"why": why, "contact": had, "documents": gone}
    await history.append(tx, report.report_id, actor, Action.REPORT_FORGOTTEN, details, agency=report.agency)


async def revoke(tx: Transaction, report: ReportRow) -> None:
    of_report = ReferralRow.report_id == report.report_id
    waiting = of_report, ReferralRow.fetched_at.is_(None), ReferralRow.withdrawn_at.is_(None)
    now = tx.clock.now()
    await tx.execute(sa.update(ReferralRow).where(*waiting).values(withdrawn_at=now, late_at=None))


async def withdraw(tx: Transaction, report: ReportRow, actor: str = DOOR) -> None:
    """Twice is once. Cases that nobody else reported are not asked for any more, as far as no duty keeps them; its
    pictures are not looked for any more, but for those that an official confirmed."""
    if report.withdrawn_at:
        return
    report.withdrawn_at = report.updated_at = tx.clock.now()
    report.alarm = None
    await tx.flush()
    await revoke(tx, report)
    cases = sa.select(PageRow.case_id).where(PageRow.report_id == report.report_id, PageRow.reached_at.is_not(None))
    stopped = 0
    async with everywhere(tx):
        for case in sorted(set(await tx.scalars(cases)), key=lambda one: one.hex):
            if held := await known(tx, case):
                stopped += await _left(tx, held, actor)
    details = {"stopped": stopped, **await take_back(tx, report, actor)}
    await history.append(tx, report.report_id, actor, Action.REPORT_WITHDRAWN, details)


async def _found_otherwise(tx: Transaction, case: Case) -> bool:
    """Before anybody reported it. Nobody stops what the agency found by reporting it and taking that back: whoever
    put it there would. The alarm lets an official decide."""
    first = await tx.scalar(sa.select(sa.func.min(PageRow.reported_at)).where(PageRow.case_id == case.case_id))
    return case.found_at is not None and first is not None and case.found_at < first


async def _left(tx: Transaction, held: Held, actor: str) -> int:
    """One report less. How many notices are not sent after all."""
    await count(tx, held)
    await settle(tx, held, actor, Step(Action.CASE_REPORTED, {"reports": held.case.reports}))
    unsent = [row for row in held.known() if row.unsent]
    if held.case.reports or held.case.category in DUTY or not unsent or await _found_otherwise(tx, held.case):
        return 0
    return len(await stop_held(tx, held, unsent, WITHDRAWN, actor))
