"""A person's verdict: held back for the undo window, in which its case is out of the queue; at once without one.

`verdict.give` stays the one door: here is only when it is gone through.
"""

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from services.gateway.audit import Action, Step
from services.gateway.cases import known, settle
from services.gateway.claims import claiming
from services.gateway.deciding.store import Pending
from services.gateway.notices.rows import Held
from services.gateway.problems import Problem
from services.gateway.rights.deciding import permit
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.verdict import Decider, Decision, check, check_form, give
from shared.approvals import Approvals
from shared.database import Transaction

AT_ONCE = timedelta(0)
KEPT = timedelta(days=1)  # what came of a verdict is asked within minutes; the history tells for ever


async def propose(
    tx: Transaction,
    approvals: Approvals,
    case_id: UUID,
    decision: Decision,
    by: Visitor,
    *,
    window: timedelta,
    batch: UUID | None = None,
) -> Pending | None:
    """The verdict that waits now, or None: it is given already (no window, or a program's account).

    Nobody else may hold the case. Everything is checked now, and again when the window ends. `batch`: one for all that
    are decided together, in the order of their ids, so that two batches never wait for one another; they are undone
    together (`undoing.undo`). Raises `Problem` 403, 404, 409 or 422: "claimed" by somebody else, "deciding" while a
    verdict waits already.
    """
    check_form(decision)
    held = await known(tx, case_id)
    if held is None:
        raise Problem(404, "no-case")
    permit(by, Right.DECIDE_CASES, {"agency": held.case.agency})
    await claiming.check(tx, case_id, by.account.pseudonym, tx.clock.now())
    if window <= AT_ONCE or by.account.scripted:
        await give(tx, approvals, held, decision, Decider(by.account.pseudonym, by.account.scripted))
        pending = None
    else:
        check(held, decision)
        await _forget(tx, by)
        pending = await _wait(tx, held, decision, by, window, batch or uuid4())
    return pending


async def _wait(
    tx: Transaction, held: Held, decision: Decision, by: Visitor, window: timedelta, batch: UUID
) -> Pending:
    now, account = tx.clock.now(), by.account
    target = held.rounds[decision.round] if decision.round else held.case
    target.deciding_until, target.undecided_at = now + window, None
    pending = Pending(
        pending_id=uuid4(),
        batch=batch,
        case_id=held.case.case_id,
        round=decision.round,
        decision=decision,
        login=account.login,
        pseudonym=account.pseudonym,
        proposed_at=now,
        due_at=now + window,
    )
    tx.add(pending)
    details = {"verdict": decision.verdict.value, "notices": sorted(decision.approved.values())}
    further = {"round": decision.round} if decision.round else {}
    await settle(tx, held, account.pseudonym, Step(Action.PROPOSED, details | further))
    return pending


async def _forget(tx: Transaction, by: Visitor) -> None:
    old = Pending.login == by.account.login, Pending.proposed_at < tx.clock.now() - KEPT, Pending.ended_at.is_not(None)
    await tx.execute(sa.delete(Pending).where(*old))
