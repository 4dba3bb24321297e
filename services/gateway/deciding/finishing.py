"""What comes of a verdict when its undo window ends: it is given, or somebody is told why not.

One transaction each. Replicas pass over what another one holds (SKIP LOCKED); what a killed one held is free again.
"""

from functools import partial

import sqlalchemy as sa

from services.gateway.audit import Action, Step
from services.gateway.cases import known, settle
from services.gateway.deciding.store import GIVEN, Pending
from services.gateway.notices.rows import Held
from services.gateway.problems import Problem
from services.gateway.verdict import Decider, give
from shared.approvals import Approvals
from shared.database import Database, Transaction
from shared.events import Verdict
from shared.handling import Context
from shared.regularly import regularly

LOOK_S = 0.5  # a verdict goes out that much after its window at most: beside ten seconds nobody notices


async def watch(context: Context, approvals: Approvals) -> None:
    await regularly(context, LOOK_S, partial(_finish_all, context.database, approvals))


async def _finish_all(database: Database, approvals: Approvals, _: Transaction) -> None:
    while await finish_next(database, approvals):
        pass


async def finish_next(database: Database, approvals: Approvals) -> bool:
    """Finish the verdict that is due longest; False when none is."""
    async with database.transaction() as tx:
        due = sa.select(Pending).where(Pending.ended_at.is_(None), Pending.due_at <= tx.clock.now())
        first = due.order_by(Pending.due_at, Pending.case_id).limit(1).with_for_update(skip_locked=True)
        pending = await tx.scalar(first)
        if pending is not None:
            await finish(tx, approvals, pending)
    return pending is not None


async def finish(tx: Transaction, approvals: Approvals, pending: Pending) -> None:
    """The row is held. The case may have changed within the window: then nothing is decided, and an alarm says so."""
    held = await known(tx, pending.case_id)
    if held is None:
        raise LookupError(f"case {pending.case_id} vanished while its verdict waited")
    open_again(held, pending.round)
    pending.ended_at, pending.outcome = tx.clock.now(), GIVEN
    try:
        _still_wanted(held, pending)
        await give(tx, approvals, held, pending.decision, Decider(pending.pseudonym))
    except Problem as problem:  # raised before anything of the case was written
        pending.outcome = problem.code
        await _not_given(tx, held, pending)


def _still_wanted(held: Held, pending: Pending) -> None:
    """Within the window, who reported it may have taken that back, and its evidence may have been destroyed: whoever
    decided did not know. Raises `Problem`."""
    if pending.decision.verdict is not Verdict.APPROVED:
        return
    for code, at in (("taken-back", held.case.withdrawn_at), ("destroyed", held.case.destroyed_at)):
        if at and at > pending.proposed_at:
            raise Problem(409, code)


def open_again(held: Held, number: int) -> None:
    """No verdict waits for the round any more."""
    target = held.rounds[number] if number else held.case
    target.deciding_until = None


async def _not_given(tx: Transaction, held: Held, pending: Pending) -> None:
    target = held.rounds[pending.round] if pending.round else held.case
    target.undecided_at = pending.ended_at
    details = {"why": pending.outcome, "by": pending.pseudonym}
    await settle(tx, held, "gateway", Step(Action.NOT_GIVEN, details))
