"""Policies proposed, switched on by another supervisor, ended; and the switch that stops them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.dialects.postgresql import insert

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.api.cursors import moment, whole
from services.gateway.api.paging import page
from services.gateway.audit import AUTOSEND_CHAIN, Action
from services.gateway.autosend.policy import MAX_CAP, MAX_DAYS, PolicyState
from services.gateway.autosend.store import Policy, PolicyUse, Switch
from services.gateway.problems import Problem
from services.gateway.rights.deciding import account_holds
from services.gateway.rights.vocabulary import Right
from shared.database import Database, Transaction
from shared.notices import approvable

NO_NUL = r"^[^\x00]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=NO_NUL)]


def _curated(name: str) -> str:
    """Whatever stood on the page of an approved case is in its bank, a stock photograph too; and whoever wants a
    newspaper's picture gone can give it at the door. What another agency judged is never enough either."""
    if not approvable(name):
        raise ValueError(f"no policy may lean on the bank {name}")
    return name


Bank = Annotated[Line, AfterValidator(_curated)]
# A mailbox, a connector or a provider: what `policy.names_of` says of a recipient.
Named = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^([^\s\x00@]+@[^\s\x00@]+|(api|provider):[^\s\x00]+)$",
    ),
]
SHOWN = 200  # policies on the page: those that nobody ended, then the newest


class Proposal(BaseModel):
    """What a supervisor asks another one to switch on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy_id: UUID
    name: Line
    banks: Annotated[tuple[Bank, ...], Field(min_length=1, max_length=50)]
    recipients: Annotated[tuple[Named, ...], Field(min_length=1, max_length=500)]
    daily_cap: Annotated[int, Field(ge=1, le=MAX_CAP)]
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)]
    why: Line


@dataclass(frozen=True)
class Shown:
    policy: Policy
    state: PolicyState
    used: int  # cases in the last 24 hours


async def propose(database: Database, given: Proposal, by: Account) -> None:
    """The same again changes nothing. Raises `Problem` 403, 409 when the id is of other terms, or of a policy that is
    not proposed any more."""
    must_hold(by, Right.PROPOSE_POLICIES)
    async with database.transaction() as tx:
        await switch_of(tx, by.agency, lock=True)  # proposals come one after another: a form may be sent twice
        now = tx.clock.now()
        terms = {
            "name": given.name,
            "banks": sorted(set(given.banks)),
            "recipients": sorted(set(given.recipients)),
            "daily_cap": given.daily_cap,
            "why": given.why,
            "proposed_by": by.pseudonym,
        }
        until = now + timedelta(days=given.days)
        fresh = insert(Policy).values(
            policy_id=given.policy_id, agency=by.agency, expires_at=until, proposed_at=now, **terms
        )
        made = (await tx.execute(fresh.on_conflict_do_nothing().returning(Policy.policy_id))).first()
        policy = await tx.get(Policy, given.policy_id)  # None: of another agency
        if policy is None or any(getattr(policy, name) != value for name, value in terms.items()):
            raise Problem(409, "policy-differs", field="policy_id")
        if policy.expires_at - policy.proposed_at != timedelta(days=given.days):
            raise Problem(409, "policy-differs", field="days")
        if policy.state(now) is not PolicyState.PROPOSED:
            raise Problem(409, "policy-used", field="policy_id", state=policy.state(now))
        if made is not None:
            told = given.model_dump(mode="json") | {"expires_at": until.isoformat()}
            await history.append(tx, AUTOSEND_CHAIN, by.pseudonym, Action.POLICY_PROPOSED, told)


async def approve(database: Database, policy_id: UUID, by: Account) -> None:
    """Raises `Problem` 403 (also for whoever proposed it), 404, 409."""
    must_hold(by, Right.APPROVE_POLICIES)
    async with database.transaction() as tx:
        policy = await _held(tx, policy_id)
        if policy.proposed_by == by.pseudonym:
            raise Problem(403, "four-eyes")
        if policy.state(tx.clock.now()) is not PolicyState.PROPOSED:
            raise Problem(409, "policy-not-proposed", state=policy.state(tx.clock.now()))
        policy.approved_by, policy.approved_at = by.pseudonym, tx.clock.now()
        await history.append(tx, AUTOSEND_CHAIN, by.pseudonym, Action.POLICY_APPROVED, {"policy": str(policy_id)})


async def end(database: Database, policy_id: UUID, why: str, by: Account) -> None:
    """Any supervisor alone may end what two began. What it approved stays approved. Raises `Problem` 403, 404,
    422."""
    must_hold(by, Right.STOP_POLICIES)
    if not why.strip():
        raise Problem(422, "no-why", field="why")
    async with database.transaction() as tx:
        policy = await _held(tx, policy_id)
        if policy.ended_at is not None:
            return
        policy.ended_by, policy.ended_at = by.pseudonym, tx.clock.now()
        details = {"policy": str(policy_id), "why": why}
        await history.append(tx, AUTOSEND_CHAIN, by.pseudonym, Action.POLICY_ENDED, details)


_PLACE = (
    (sa.case((Policy.ended_at.is_(None), 1), else_=0), whole),
    (Policy.proposed_at, moment),
    (Policy.policy_id, UUID),
)


async def shown(tx: Transaction, limit: int = SHOWN, after: str | None = None) -> tuple[list[Shown], str | None]:
    """Those that nobody ended, then the newest; and where the next page begins."""
    now = tx.clock.now()
    rows, following = await page(tx, sa.select(Policy), _PLACE, limit, after)
    used = await used_since(tx, now - timedelta(days=1))
    return [Shown(row, row.state(now), used.get(row.policy_id, 0)) for row in rows], following


async def used_since(tx: Transaction, since: datetime) -> dict[UUID, int]:
    cases = sa.func.count().label("cases")
    since_then = sa.select(PolicyUse.policy_id, cases).where(PolicyUse.used_at > since)
    counted = since_then.group_by(PolicyUse.policy_id)
    return {row["policy_id"]: int(row["cases"]) for row in (await tx.execute(counted)).mappings()}


async def newest_uses(tx: Transaction, limit: int) -> Sequence[PolicyUse]:
    return await tx.scalars(sa.select(PolicyUse).order_by(PolicyUse.used_at.desc()).limit(limit))


async def switch_of(tx: Transaction, agency: str, lock: bool = False) -> Switch:
    """Whoever lets a policy decide holds the switch: it cannot be turned meanwhile."""
    if row := await tx.get(Switch, agency, lock=lock):
        return row
    never = {"agency": agency, "off": False, "revision": 0, "by": "", "why": "", "at": tx.clock.now()}
    await tx.execute(insert(Switch).values(never).on_conflict_do_nothing())  # others look for the first time too
    row = await tx.get(Switch, agency, lock=lock)
    if row is None:
        raise LookupError("the switch of the policies vanished while it was looked at")
    return row


async def _held(tx: Transaction, policy_id: UUID) -> Policy:
    policy = await tx.get(Policy, policy_id, lock=True)
    if policy is None:
        raise Problem(404, "no-policy")
    return policy


def must_hold(by: Account, right: Right) -> None:
    """As the routes ask; whoever comes another way is asked here. Raises `Problem` 403."""
    if not account_holds(by, right):
        raise Problem(403, "not-supervisor")
