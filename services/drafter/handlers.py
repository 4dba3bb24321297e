"""Sealed evidence becomes a draft for review; failed evidence becomes a report that says so."""

from uuid import UUID

from services.drafter.domain import Draft, draft, draft_without_evidence
from services.drafter.office import Office
from services.drafter.store import DraftRow
from shared.database import Transaction
from shared.events import EvidenceFailed, EvidenceSealed, NoticeDrafted


async def write(event: EvidenceSealed, tx: Transaction, *, office: Office) -> None:
    await _keep(event.case_id, draft(event, office, tx.clock.now()), tx)


async def report_failure(event: EvidenceFailed, tx: Transaction, *, office: Office) -> None:
    await _keep(event.case_id, draft_without_evidence(event, office), tx)


async def _keep(case_id: UUID, written: Draft, tx: Transaction) -> None:
    """A draft with notices stands: a reviewer may be reading it. One without gives way when evidence came after all."""
    now, notices = tx.clock.now(), [notice.model_dump(mode="json") for notice in written.notices]
    row = await tx.get(DraftRow, case_id, lock=True)
    if row is None:
        tx.add(DraftRow(case_id=case_id, notices=notices, drafted_at=now))
    elif row.notices:
        return
    else:
        row.notices, row.drafted_at = notices, now
    tx.publish(NoticeDrafted(case_id=case_id, report=written.report, notices=written.notices, drafted_at=now))
