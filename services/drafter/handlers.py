"""Sealed evidence becomes a draft for review; failed evidence becomes a report that says so; what happens later, a
further round."""

from collections.abc import Mapping
from uuid import UUID

from services.drafter.contacts.measured import measured
from services.drafter.contacts.stated import stated
from services.drafter.domain import Draft, Known, draft, draft_without_evidence, free_sentences
from services.drafter.followup import follow_up
from services.drafter.links import links
from services.drafter.office import Office
from services.drafter.polish import Polish
from services.drafter.store import DraftRow, RoundRow
from shared.database import Transaction
from shared.events import CaseLink, EvidenceFailed, EvidenceSealed, FollowUpAsked, NoticeDrafted
from shared.failures import Rejected, Transient
from shared.observing import took


async def polish(event: EvidenceSealed, *, office: Office, polisher: Polish) -> Mapping[str, str]:
    """Outside of any transaction: a language model takes its time."""
    return await polisher(free_sentences(event, office))


async def write(event: EvidenceSealed, polished: Mapping[str, str], tx: Transaction, *, office: Office) -> None:
    known = Known(await measured(tx), await links(event, tx), polished, await stated(event, tx))
    await _keep(event.case_id, draft(event, office, tx.clock.now(), known), tx, event, known.links)


async def report_failure(event: EvidenceFailed, tx: Transaction, *, office: Office) -> None:
    await _keep(event.case_id, draft_without_evidence(event, office), tx)


async def write_round(event: FollowUpAsked, tx: Transaction, *, office: Office) -> None:
    """Raises `Transient` while the first draft is not there: the topics overtake one another. Raises `Rejected` for one
    that kept no evidence to write from: waiting would only hold up the cases behind it."""
    if await tx.get(RoundRow, (event.case_id, event.round)) is not None:
        return
    first = await tx.get(DraftRow, event.case_id, lock=True)
    if first is None:
        raise Transient(f"round {event.round} of case {event.case_id} was asked for, but it has no first draft yet")
    if first.sealed is None:
        raise Rejected(
            f"round {event.round} of case {event.case_id}: its first draft kept no evidence (it failed, or an older "
            "version wrote it): ask the recipients by hand"
        )
    now = tx.clock.now()
    sealed = EvidenceSealed.model_validate(first.sealed)
    written = follow_up(sealed, event, office, now, Known(await measured(tx), stated=await stated(sealed, tx)))
    notices = [notice.model_dump(mode="json") for notice in written.notices]
    tx.add(RoundRow(case_id=event.case_id, round=event.round, why=event.why, notices=notices, drafted_at=now))
    tx.publish(
        NoticeDrafted(
            case_id=event.case_id,
            report=written.report,
            notices=written.notices,
            drafted_at=now,
            round=event.round,
            why=event.why,
        )
    )


async def _keep(
    case_id: UUID,
    written: Draft,
    tx: Transaction,
    event: EvidenceSealed | None = None,
    linked: tuple[CaseLink, ...] = (),
) -> None:
    """A draft with notices stands: a reviewer may be reading it. One without gives way when evidence came after all."""
    now, notices = tx.clock.now(), [notice.model_dump(mode="json") for notice in written.notices]
    sealed = _without_words(event).model_dump(mode="json") if event else None
    row = await tx.get(DraftRow, case_id, lock=True)
    if row is None:
        tx.add(DraftRow(case_id=case_id, notices=notices, drafted_at=now, sealed=sealed))
        if event:
            took("found_to_drafted", event.began_at or event.finding.found_at, now)
    elif row.notices:
        return
    else:
        row.notices, row.drafted_at, row.sealed = notices, now, sealed or row.sealed
    tx.publish(
        NoticeDrafted(case_id=case_id, report=written.report, notices=written.notices, drafted_at=now, links=linked)
    )


def _without_words(event: EvidenceSealed) -> EvidenceSealed:
    """No later notice needs what the page says, and whoever destroys a case need not look for it here."""
    finding = event.finding.model_copy(update={"title": "", "excerpt": ""})
    return event.model_copy(update={"finding": finding})
