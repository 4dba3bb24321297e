"""The switch of an agency: off, no policy decides, and what policies approved and nobody sent yet is called back."""

from uuid import UUID

import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.audit import AUTOSEND_CHAIN, Action
from services.gateway.autosend.managing import must_hold, switch_of
from services.gateway.autosend.store import PolicyUse, Switch
from services.gateway.notices.rows import CaseNotice
from services.gateway.problems import Problem
from services.gateway.rights.vocabulary import Right
from shared.database import Database, Transaction
from shared.events import NoticesStopped
from shared.identity import identity

WHY = "autosend-off"


async def turn_off(database: Database, why: str, by: Account) -> int:
    """How many cases had unsent notices called back. Any supervisor alone. Raises `Problem` 403, 422."""
    must_hold(by, Right.STOP_POLICIES)
    why = _given(why)
    async with database.transaction() as tx:
        switch = await switch_of(tx, by.agency, lock=True)
        if switch.off:
            return 0
        await _turn(tx, switch, True, why, by)
        return await _call_back(tx, switch.revision, why, by)


async def turn_on(database: Database, why: str, by: Account) -> None:
    """Policies decide again. Whoever turned it off cannot do this alone. Raises `Problem` 403, 422."""
    must_hold(by, Right.APPROVE_POLICIES)
    why = _given(why)
    async with database.transaction() as tx:
        switch = await switch_of(tx, by.agency, lock=True)
        if not switch.off:
            return
        if switch.by == by.pseudonym:
            raise Problem(403, "four-eyes")
        await _turn(tx, switch, False, why, by)


def _given(why: str) -> str:
    if not why.strip():
        raise Problem(422, "no-why", field="why")
    return why.strip()


async def _turn(tx: Transaction, switch: Switch, off: bool, why: str, by: Account) -> None:
    switch.off, switch.why, switch.by, switch.at = off, why, by.pseudonym, tx.clock.now()
    switch.revision += 1
    action = Action.AUTOSEND_OFF if off else Action.AUTOSEND_ON
    await history.append(tx, AUTOSEND_CHAIN, by.pseudonym, action, {"why": switch.why})


async def _call_back(tx: Transaction, revision: int, why: str, by: Account) -> int:
    """The notifier knows best what has gone out: it is asked to hold back whatever has not."""
    columns = sa.select(CaseNotice.case_id, CaseNotice.notice_id)  # of thousands, so without their texts
    unsent = columns.join(PolicyUse, PolicyUse.case_id == CaseNotice.case_id).where(
        CaseNotice.round == 0,
        CaseNotice.approved_at.is_not(None),
        CaseNotice.sent_at.is_(None),
        CaseNotice.bounced_at.is_(None),
        CaseNotice.withdrawn_at.is_(None),
    )
    of_case: dict[UUID, list[UUID]] = {}
    for row in (await tx.execute(unsent)).mappings():
        of_case.setdefault(row["case_id"], []).append(row["notice_id"])
    for case_id, notices in of_case.items():
        stopped = NoticesStopped(
            case_id=case_id,
            notices=tuple(sorted(notices)),
            why=why,
            by=by.pseudonym,
            stopped_at=tx.clock.now(),
        )
        tx.publish(stopped, id=identity("stopped", WHY, case_id, revision))
    return len(of_case)
