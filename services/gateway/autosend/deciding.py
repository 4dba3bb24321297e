"""A policy decides a case that awaits review: in the transaction in which the case came to await it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.gateway import history
from services.gateway.audit import AUTOSEND_CHAIN, Action
from services.gateway.autosend.managing import switch_of
from services.gateway.autosend.policy import Refusal, exact, judged, until
from services.gateway.autosend.store import Policy, PolicyUse
from services.gateway.domain import State
from services.gateway.notices.rows import CaseNotice, Held
from services.gateway.texts import BY_POLICY
from services.gateway.verdict import Decider, Decision, give
from shared.approvals import Approvals
from shared.database import Transaction
from shared.events import Verdict
from shared.events.values import Match, Notice

# The round of what a policy leaves: its notices to recipients that no policy names wait for a person there. Far above
# what the notifier asks for, which counts from 1.
REST = 1_000_000
LEFT = "rest"  # why that round is there


async def consider(tx: Transaction, approvals: Approvals, held: Held) -> None:
    """Nothing happens unless a policy that is in force approves. The case is held; without evidence, a person looks."""
    case = held.case
    if case.state != State.DRAFTED or not case.sealed_at or case.destroyed_at:
        return
    if case.decided_at or case.withdrawn_at or case.assessment is None or not case.assessment.matches:
        return
    notices = [row.content for row in held.draft() if row.content]
    for policy in await _in_force(tx, case.agency):
        now = tx.clock.now()
        used = await _used(tx, policy, now - timedelta(days=1))
        chosen = judged(policy.terms, policy.state(now), case.assessment, notices, used)
        match = exact(case.assessment, policy.terms.banks)
        if match is not None and not isinstance(chosen, Refusal):
            return await _decide(tx, approvals, held, policy, match, chosen)


async def _in_force(tx: Transaction, agency: str) -> Sequence[Policy]:
    """Held until the transaction ends, so that neither switch nor cap changes meanwhile; none while the switch is off.

    The switch's row is the lock under which policies decide one case after another.
    """
    approved = Policy.agency == agency, Policy.approved_at.is_not(None), Policy.ended_at.is_(None)
    present = sa.select(Policy.policy_id).where(*approved).limit(1)
    if not await tx.scalars(present) or (await switch_of(tx, agency, lock=True)).off:
        return ()
    in_force = sa.select(Policy).where(*approved, Policy.expires_at > tx.clock.now())
    return await tx.scalars(in_force.order_by(Policy.proposed_at).with_for_update())


async def _used(tx: Transaction, policy: Policy, since: datetime) -> int:
    uses = PolicyUse.policy_id == policy.policy_id, PolicyUse.used_at > since
    return int((await tx.execute(sa.select(sa.func.count()).select_from(PolicyUse).where(*uses))).scalar_one())


async def _decide(
    tx: Transaction, approvals: Approvals, held: Held, policy: Policy, match: Match, chosen: tuple[Notice, ...]
) -> None:
    case, now = held.case, tx.clock.now()
    leave(tx, held, [row for row in held.draft() if row.notice_id not in {one.notice_id for one in chosen}])
    use = {"policy_id": policy.policy_id, "used_at": now, "match": match.model_dump(mode="json")}
    tx.add(PolicyUse(case_id=case.case_id, **use))
    decision = Decision(Verdict.APPROVED, {one.notice_id: one.sha256 for one in chosen}, note="")
    by = Decider(f"{BY_POLICY}{policy.name}", policy=str(policy.policy_id), until=until(policy.terms, now))
    await give(tx, approvals, held, decision, by)
    details = {
        "policy": str(policy.policy_id),
        "case": str(case.case_id),
        "notices": [one.sha256 for one in chosen],
        "bank": match.bank,
        "entry": match.entry,
    }
    await history.append(tx, AUTOSEND_CHAIN, by.pseudonym, Action.POLICY_USED, details, agency=case.agency)


def leave(tx: Transaction, held: Held, rest: Sequence[CaseNotice]) -> None:
    """What the policy does not decide is a round of its own, for a person."""
    if not rest:
        return
    left = held.round(REST)
    left.why, left.drafted_at = LEFT, tx.clock.now()
    for row in rest:
        row.round, row.drafted_at = REST, left.drafted_at
    tx.add(left)
