"""A case goes to another agency: offered by one, accepted by the other. Nobody else moves a row across."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import sqlalchemy as sa

from services.gateway import history
from services.gateway.agencies.scoping import everywhere
from services.gateway.agencies.store import Agency, Transfer
from services.gateway.api.cursors import moment, whole
from services.gateway.api.paging import page
from services.gateway.audit import TRANSFERS_CHAIN, Action, Step
from services.gateway.cases import known, settle
from services.gateway.deciding.finishing import open_again
from services.gateway.deciding.store import Pending
from services.gateway.live.feed import Kind, tell
from services.gateway.problems import Problem
from services.gateway.rights.deciding import permit
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.store import Case
from shared.database import Transaction

MAX_WORDS = 500  # characters of a reason
SHOWN = 200  # offers of a page: those that are open, then the newest
ACCEPTED, DECLINED, WITHDRAWN = "accepted", "declined", "withdrawn"
TRANSFERRED = "transferred"  # why a verdict was not given after all


async def agencies(tx: Transaction) -> Sequence[Agency]:
    return await tx.scalars(sa.select(Agency).order_by(Agency.position, Agency.agency))


_PLACE = (
    (sa.case((Transfer.ended_at.is_(None), 1), else_=0), whole),
    (Transfer.offered_at, moment),
    (Transfer.transfer_id, UUID),
)


async def offered(
    tx: Transaction, limit: int = SHOWN, after: str | None = None
) -> tuple[Sequence[Transfer], str | None]:
    """What the agency offered and was offered, and where the next page begins."""
    return await page(tx, sa.select(Transfer), _PLACE, limit, after)


async def offer(tx: Transaction, case_id: UUID, to: str, why: str, by: Visitor) -> Transfer:
    """The case stays here, and is worked on, until it is accepted. Raises `Problem` 404, 409, 422."""
    case = await tx.get(Case, case_id, lock=True)
    if case is None:
        raise Problem(404, "no-case")
    permit(by, Right.TRANSFER_CASES, {"agency": case.agency})
    if not why.strip():
        raise Problem(422, "no-why", field="why")
    if to == case.agency or await tx.get(Agency, to) is None:
        raise Problem(422, "no-agency", field="to")
    present = sa.select(Transfer).where(Transfer.case_id == case_id, Transfer.ended_at.is_(None))
    if await tx.scalar(present) is not None:
        raise Problem(409, "offered-already", field="to")
    row = Transfer(
        transfer_id=uuid4(),
        case_id=case_id,
        from_agency=case.agency,
        to_agency=to,
        why=why.strip()[:MAX_WORDS],
        category=case.category,
        offered_by=by.account.pseudonym,
        offered_at=tx.clock.now(),
    )
    tx.add(row)
    details = {"transfer": str(row.transfer_id), "to": to, "why": row.why}
    await history.append(tx, case_id, by.account.pseudonym, Action.CASE_OFFERED, details)
    return row


async def accept(tx: Transaction, transfer_id: UUID, by: Visitor) -> Transfer:
    """From now on the case is this agency's: claims end, and verdicts that could still be taken back are. Raises
    `Problem` 404, 409."""
    row = await _open(tx, transfer_id, by, "to_agency")
    async with everywhere(tx):  # before the case, as whoever finishes or undoes a verdict locks them
        await _waiting(tx, row.case_id)
    moving = sa.select(sa.func.accept_transfer(transfer_id, tx.clock.now(), by.account.pseudonym))
    if (await tx.execute(moving)).scalar_one() is None:
        raise Problem(409, "offer-over", field="transfer_id")
    async with everywhere(tx):
        await tell(tx, row.from_agency, row.case_id, Kind.GONE)
    await _begin_here(tx, row, by)
    given = {"case": str(row.case_id), "transfer": str(transfer_id), "to": row.to_agency}
    # The giver's own line: that it was taken over, and nothing of what becomes of it.
    await history.append(tx, TRANSFERS_CHAIN, by.account.pseudonym, Action.CASE_GIVEN, given, agency=row.from_agency)
    return await _again(tx, transfer_id)


async def _begin_here(tx: Transaction, row: Transfer, by: Visitor) -> None:
    held = await known(tx, row.case_id)
    if held is None:
        raise LookupError(f"case {row.case_id} vanished while it was taken over")
    for pending in await _waiting(tx, row.case_id):
        open_again(held, pending.round)
        pending.ended_at, pending.outcome = tx.clock.now(), TRANSFERRED
    details = {"transfer": str(row.transfer_id), "from": row.from_agency, "why": row.why}
    await settle(tx, held, by.account.pseudonym, Step(Action.CASE_TAKEN_OVER, details))


async def _waiting(tx: Transaction, case_id: UUID) -> Sequence[Pending]:
    """The case's verdicts that can still be taken back, held."""
    waiting = sa.select(Pending).where(Pending.case_id == case_id, Pending.ended_at.is_(None))
    return await tx.scalars(waiting.order_by(Pending.pending_id).with_for_update())


async def decline(tx: Transaction, transfer_id: UUID, why: str, by: Visitor) -> Transfer:
    """The case stays where it is. Raises `Problem` 404, 409, 422."""
    if not why.strip():
        raise Problem(422, "no-why", field="why")
    row = await _open(tx, transfer_id, by, "to_agency")
    return await _end(tx, row, DECLINED, Action.OFFER_DECLINED, {"why": why.strip()[:MAX_WORDS]}, by)


async def withdraw(tx: Transaction, transfer_id: UUID, by: Visitor) -> Transfer:
    """Raises `Problem` 404, 409."""
    row = await _open(tx, transfer_id, by, "from_agency")
    return await _end(tx, row, WITHDRAWN, Action.OFFER_WITHDRAWN, {}, by)


async def _end(
    tx: Transaction, row: Transfer, outcome: str, action: Action, details: dict[str, str], by: Visitor
) -> Transfer:
    row.ended_at, row.ended_by, row.outcome = tx.clock.now(), by.account.pseudonym, outcome
    told = {"transfer": str(row.transfer_id), "case": str(row.case_id), **details}
    for agency in (row.from_agency, row.to_agency):
        await history.append(tx, TRANSFERS_CHAIN, by.account.pseudonym, action, told, agency=agency)
    return row


async def _open(tx: Transaction, transfer_id: UUID, by: Visitor, side: str) -> Transfer:
    """The offer as the agency on that side of it may end it, its row locked."""
    row = await tx.get(Transfer, transfer_id, lock=True)
    if row is None or getattr(row, side) != by.account.agency:
        raise Problem(404, "no-offer")
    if row.ended_at:
        raise Problem(409, "offer-over", field="transfer_id")
    return row


async def _again(tx: Transaction, transfer_id: UUID) -> Transfer:
    """As the database has it after its function changed it."""
    fresh = sa.select(Transfer).where(Transfer.transfer_id == transfer_id)
    return (await tx.scalars(fresh.execution_options(populate_existing=True)))[0]
