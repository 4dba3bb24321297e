"""Holding a case while something happens to it: lock, change, settle."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.gateway import queue
from services.gateway.domain import alarm_of, state_of
from services.gateway.history import append
from services.gateway.projections import Notices, Step, known_notices, last_outcome
from services.gateway.store import Case, CaseNotice
from shared.database import Transaction
from shared.events import CaseChanged
from shared.identity import identity

UNKNOWN_CATEGORY = "unknown"  # told to subscribers while only a later event of the case is known


async def hold(tx: Transaction, case_id: UUID) -> Case:
    """The case's row, locked; made when this is the first word of it."""
    fresh = {"case_id": case_id, "state": "", "rank": 0.0, "updated_at": tx.clock.now()}
    await tx.execute(insert(Case).values(fresh).on_conflict_do_nothing())
    case = await tx.get(Case, case_id, lock=True)
    if case is None:
        raise LookupError(f"case {case_id} vanished while it was held")
    return case


async def notices_of(tx: Transaction, case_id: UUID) -> Notices:
    rows = await tx.scalars(sa.select(CaseNotice).where(CaseNotice.case_id == case_id))
    return {row.notice_id: row for row in rows}


async def settle(tx: Transaction, case: Case, notices: Notices, actor: str, step: Step) -> None:
    """Derive state, alarm and rank, write the history, tell subscribers of a new state. The case is held."""
    before = case.state
    derive(case, notices)
    case.updated_at = tx.clock.now()
    line = await append(tx, case.case_id, actor, step.action, step.details)
    if case.state == before:
        return
    tx.publish(
        CaseChanged(
            case_id=case.case_id,
            state=case.state,
            category=case.category or UNKNOWN_CATEGORY,
            country=case.country,
            changed_at=line.at,
        ),
        id=identity("case-changed", case.case_id, line.seq),
    )


def derive(case: Case, notices: Notices) -> None:
    facts = case.facts
    case.state = state_of(facts).value
    case.alarm = alarm_of(facts, [row.state for row in known_notices(case, notices)], last_outcome(case))
    moments = (case.found_at, case.flagged_at, case.sealed_at, case.drafted_at, case.sent_at, case.removed_at)
    since = min((moment for moment in moments if moment), default=queue.EPOCH)
    case.rank = queue.order(case.risk or 0.0, bool(case.known), case.urgency, since)
