"""Holding a case while something happens to it: lock, change, settle."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.gateway.alarms import unattended
from services.gateway.audit import Step
from services.gateway.claims import lining
from services.gateway.domain import NoticeState, alarm_of, state_of
from services.gateway.history import append
from services.gateway.notices.rows import CaseNotice, Held, Round
from services.gateway.projections import last_outcome
from services.gateway.store import Case
from shared.database import Transaction
from shared.events import CaseChanged
from shared.events.codes import CATEGORIES, or_other
from shared.identity import identity


async def hold(tx: Transaction, case_id: UUID) -> Held:
    """The case, its row locked; made when this is the first word of it."""
    fresh = {"case_id": case_id, "state": "", "rank": 0.0, "updated_at": tx.clock.now()}
    await tx.execute(insert(Case).values(fresh).on_conflict_do_nothing())
    held = await known(tx, case_id)
    if held is None:
        raise LookupError(f"case {case_id} vanished while it was held")
    return held


async def known(tx: Transaction, case_id: UUID) -> Held | None:
    """The case, its row locked; None when nothing is known of it."""
    case = await tx.get(Case, case_id, lock=True)
    if case is None:
        return None
    notices = await tx.scalars(sa.select(CaseNotice).where(CaseNotice.case_id == case_id))
    rounds = await tx.scalars(sa.select(Round).where(Round.case_id == case_id))
    return Held(case, {row.notice_id: row for row in notices}, {row.round: row for row in rounds})


async def settle(tx: Transaction, held: Held, actor: str, step: Step | None) -> None:
    """Derive state, alarm and rank, write the history, tell subscribers of a new state. The case is held."""
    case = held.case
    before = case.state
    derive(held)
    case.updated_at = tx.clock.now()
    await lining.sync(tx, held)
    if step is None:
        return
    line = await append(tx, case.case_id, actor, step.action, step.details)
    if case.state == before:
        return
    tx.publish(
        CaseChanged(
            case_id=case.case_id,
            state=case.state,
            category=or_other(case.category or lining.UNKNOWN_CATEGORY, CATEGORIES),
            country=case.country,
            changed_at=line.at,
        ),
        id=identity("case-changed", case.case_id, line.seq),
    )


def derive(held: Held) -> None:
    case, facts = held.case, held.case.facts
    case.state = state_of(facts).value
    told = [one.alarm for one in unattended(held)]
    case.alarm = alarm_of(facts, [row.state for row in held.known()], last_outcome(case), told)
    case.awaits = min((n for n, row in held.rounds.items() if row.awaits), default=None)
    case.hand_over_at = min((row.hand_over_at for row in handing(held) if row.hand_over_at), default=None)
    lining.place(held)


def handing(held: Held) -> list[CaseNotice]:
    """The notices that a person has to hand in now."""
    return [row for row in held.notices.values() if row.state is NoticeState.HANDING and not row.handed_at]
