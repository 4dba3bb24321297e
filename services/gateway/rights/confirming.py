"""What a second person has to confirm before it is done: proposed by one, confirmed by another, or over."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.api.cursors import number, whole
from services.gateway.api.paging import page
from services.gateway.audit import CONFIRMATIONS_CHAIN, Action
from services.gateway.problems import Problem
from services.gateway.rights.deciding import permit
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.store import Base, Case
from shared.database import Transaction

OPEN_FOR = timedelta(days=7)  # there is a second person on duty within a week; older proposals are about another state
SHOWN = 200  # of a page: what is open, then the newest
MAX_WORDS = 500  # characters of a reason


class Kind(StrEnum):
    DESTROY_EVIDENCE = "destroy-evidence"
    RELEASE_HOLD = "release-hold"
    EXPORT_HISTORY = "export-history"
    PIN_PEER = "pin-peer"
    TAKE_STATEMENTS = "take-statements"
    STATE = "state"


# Who proposes it and who confirms it both have this right.
RIGHTS = {
    Kind.DESTROY_EVIDENCE: Right.DESTROY_EVIDENCE,
    Kind.RELEASE_HOLD: Right.ORDER_EVIDENCE,
    Kind.EXPORT_HISTORY: Right.EXPORT_HISTORY,
    Kind.PIN_PEER: Right.MANAGE_PEERS,
    Kind.TAKE_STATEMENTS: Right.EXCHANGE_STATEMENTS,
    Kind.STATE: Right.EXCHANGE_STATEMENTS,
}


class Outcome(StrEnum):
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Confirmation(Base):
    """`details`: what is to be done, as the kind's own code reads it; nothing of a page, no name of a person."""

    __tablename__ = "confirmations"

    confirmation_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    kind: Mapped[str]
    case_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]]
    why: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    outcome: Mapped[str | None]

    def open(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.expires_at


# Does what was confirmed, in the transaction of the confirmation. May raise `Problem`: then nothing is confirmed.
CarryOut = Callable[[Transaction, Confirmation], Awaitable[None]]


async def propose(
    tx: Transaction,
    by: Visitor,
    kind: Kind,
    details: Mapping[str, Any],
    why: str,
    *,
    confirmation_id: UUID,
    case_id: UUID | None = None,
) -> Confirmation:
    """The same again is one proposal. Raises `Problem` 403, 409 when the id is of another one, 422."""
    permit(by, RIGHTS[kind], {"agency": by.account.agency})
    if not why.strip():
        raise Problem(422, "no-why", field="why")
    now, mine = tx.clock.now(), by.account.pseudonym
    said = {"kind": kind.value, "case_id": case_id, "details": dict(details), "why": why.strip()[:MAX_WORDS]}
    given = {**said, "agency": by.account.agency, "proposed_by": mine, "proposed_at": now, "expires_at": now + OPEN_FOR}
    fresh = insert(Confirmation).values(confirmation_id=confirmation_id, **given)
    made = (await tx.execute(fresh.on_conflict_do_nothing().returning(Confirmation.confirmation_id))).first()
    row = await tx.get(Confirmation, confirmation_id)  # None: of another agency
    if row is None or any(getattr(row, name) != value for name, value in {**said, "proposed_by": mine}.items()):
        raise Problem(409, "confirmation-differs", field="confirmation_id")
    if made is not None:
        await _keep(tx, row, by, Action.CONFIRMATION_ASKED)
    return row


async def confirm(
    tx: Transaction, confirmation_id: UUID, by: Visitor, carry_out: Mapping[str, CarryOut]
) -> Confirmation:
    """Do it. Raises `Problem` 403 for whoever proposed it, 404, 409 when it is over or cannot be done any more."""
    row = await _open(tx, confirmation_id)
    permit(by, RIGHTS[Kind(row.kind)], {"agency": row.agency, "proposed_by": row.proposed_by})
    if row.case_id and not await _ours(tx, row.case_id):
        raise Problem(404, "no-case")
    _end(row, Outcome.CONFIRMED, by, tx.clock.now())
    await _keep(tx, row, by, Action.CONFIRMED)
    await carry_out[row.kind](tx, row)
    return row


async def refuse(tx: Transaction, confirmation_id: UUID, by: Visitor) -> Confirmation:
    """Who proposed it withdraws it. Raises `Problem` 403, 404, 409."""
    row = await _open(tx, confirmation_id)
    permit(by, RIGHTS[Kind(row.kind)], {"agency": row.agency})
    own = row.proposed_by == by.account.pseudonym
    _end(row, Outcome.WITHDRAWN if own else Outcome.REFUSED, by, tx.clock.now())
    await _keep(tx, row, by, Action.CONFIRMATION_REFUSED)
    return row


async def shown(
    tx: Transaction, limit: int = SHOWN, after: str | None = None
) -> tuple[Sequence[Confirmation], str | None]:
    """What waits, the oldest first, then what is over, the newest first; and where the next page begins."""
    over = sa.or_(Confirmation.ended_at.is_not(None), Confirmation.expires_at <= tx.clock.now())
    age = sa.cast(sa.extract("epoch", Confirmation.proposed_at), sa.Double)
    place = (
        (sa.case((over, 0), else_=1), whole),
        (sa.case((over, age), else_=-age), number),
        (Confirmation.confirmation_id, UUID),
    )
    return await page(tx, sa.select(Confirmation), place, limit, after)


async def _open(tx: Transaction, confirmation_id: UUID) -> Confirmation:
    row = await tx.get(Confirmation, confirmation_id, lock=True)
    if row is None:
        raise Problem(404, "no-confirmation")
    if not row.open(tx.clock.now()):
        raise Problem(409, "confirmation-over", field="confirmation_id")
    return row


def _end(row: Confirmation, outcome: Outcome, by: Visitor, now: datetime) -> None:
    row.ended_at, row.ended_by, row.outcome = now, by.account.pseudonym, outcome.value


async def _ours(tx: Transaction, case_id: UUID) -> bool:
    """Whether the case is still the agency's; its row is locked, before its chain."""
    return await tx.get(Case, case_id, lock=True) is not None


async def _keep(tx: Transaction, row: Confirmation, by: Visitor, action: Action) -> None:
    """In the history of the case that it is about, else (also when it was given away) in the one of confirmations."""
    chain = row.case_id if row.case_id and await _ours(tx, row.case_id) else CONFIRMATIONS_CHAIN
    told = {"confirmation": str(row.confirmation_id), "kind": row.kind, "why": row.why}
    outcome = {"outcome": row.outcome} if row.outcome else {}
    await history.append(tx, chain, by.account.pseudonym, action, told | outcome)
