"""Legal holds: while one stands, nothing of the case is destroyed. Several may stand; each ends by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from haetae_verify.canonical import moment
from services.evidence.custody import lines
from services.evidence.orders.cases import standing
from services.evidence.orders.placing import Refused
from services.evidence.orders.store import Hold, Order
from shared.database import Transaction
from shared.events import CustodyAction, OrderKind


async def hold(order: Order, tx: Transaction) -> dict[str, Any]:
    """Raises `Refused` when the case is destroyed, or the hold would be over already."""
    await standing(tx, order.case_id)
    now, until = tx.clock.now(), _until(order)
    if until is not None and until <= now:
        raise Refused(f"the hold would have ended on {until:%Y-%m-%d %H:%M} UTC: give a later day, or none")
    tx.add(
        Hold(
            hold_id=order.order_id, case_id=order.case_id, by=order.by, why=order.why, basis=order.basis,
            placed_at=now, until=until,
        )
    )  # fmt: skip
    said = {"until": moment(until) if until else None}
    await lines.append(tx, order.case_id, order.by, CustodyAction.HELD, (), {**grounds(order), **said}, now)
    return said


async def release(order: Order, tx: Transaction) -> dict[str, Any]:
    """The hold that the order names, or the only one. Raises `Refused`."""
    await standing(tx, order.case_id)
    row, now = _chosen(await active(tx, order.case_id, tx.clock.now()), order), tx.clock.now()
    row.released_at, row.released_by_order = now, order.order_id
    said = {"hold": str(row.hold_id)}
    await lines.append(tx, order.case_id, order.by, CustodyAction.RELEASED, (), {**grounds(order), **said}, now)
    return said


async def active(tx: Transaction, case_id: UUID, at: datetime) -> list[Hold]:
    """Lock the case (`cases.locked`) before relying on it."""
    return list(await tx.scalars(_standing(at).where(Hold.case_id == case_id).order_by(Hold.placed_at)))


async def held(tx: Transaction, at: datetime) -> dict[UUID, int]:
    """How many holds stand on each case that has any."""
    counted = _standing(at).with_only_columns(Hold.case_id, sa.func.count().label("holds")).group_by(Hold.case_id)
    return {row.case_id: row.holds for row in (await tx.execute(counted)).all()}


async def ordered(tx: Transaction, case_id: UUID) -> UUID | None:
    """An order for a hold that is not carried out yet: it may wait behind the very destruction that it is to stop."""
    waits = sa.select(Order.order_id).where(Order.case_id == case_id, Order.kind == OrderKind.HOLD)
    return await tx.scalar(waits.where(Order.done_at.is_(None)).limit(1))


def named(holds: list[Hold]) -> str:
    """For a sentence."""
    return "; ".join(f"{one.hold_id} by {one.by} ({one.basis})" for one in holds)


def grounds(order: Order) -> dict[str, Any]:
    """Of a custody line."""
    return {"order_id": str(order.order_id), "why": order.why, "basis": order.basis}


def _standing(at: datetime) -> sa.Select[Any]:
    return sa.select(Hold).where(Hold.released_at.is_(None), sa.or_(Hold.until.is_(None), Hold.until > at))


def _chosen(holds: list[Hold], order: Order) -> Hold:
    wanted = order.terms.get("hold")
    found = [one for one in holds if wanted in (None, str(one.hold_id))]
    if len(found) == 1:
        return found[0]
    if not holds:
        raise Refused("no hold stands on this case")
    which = "several holds stand: name the one" if wanted is None else "no such hold stands; there are"
    raise Refused(f"{which}: {named(holds)}")


def _until(order: Order) -> datetime | None:
    given = order.terms.get("until")
    if not given:
        return None
    try:
        until = datetime.fromisoformat(given).astimezone(UTC)
        _ = until + timedelta(days=1)  # it is written in every time zone
        return until
    except OverflowError as error:
        raise Refused("the hold's end lies beyond the calendar: give an earlier day, or none") from error
