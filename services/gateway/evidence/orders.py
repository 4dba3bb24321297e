"""What officials want done with the evidence of a case: a bundle, a legal hold, its end, its destruction. The evidence
service does it.

One person alone must not be able to make proof vanish: what ends a hold or destroys waits for a second one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.audit import Action
from services.gateway.evidence import lines
from services.gateway.evidence.standing import holds
from services.gateway.problems import Problem
from services.gateway.rights import confirming
from services.gateway.rights.confirming import Confirmation, Kind
from services.gateway.sessions import Visitor
from services.gateway.store import Base, Case
from shared.database import Database, Transaction
from shared.events import EvidenceOrderDone, EvidenceOrdered, OrderKind
from shared.identity import identity
from shared.objects.exports import KEPT

KINDS = (OrderKind.BUNDLE, OrderKind.HOLD, OrderKind.RELEASE, OrderKind.DESTROY)
CONFIRMED = {OrderKind.RELEASE: Kind.RELEASE_HOLD, OrderKind.DESTROY: Kind.DESTROY_EVIDENCE}
MAX_WORDS = 500  # characters of a reason or a legal basis
A_DAY = timedelta(days=1)


class Order(Base):
    """`done_at` is empty while the evidence service works on it; `error` says why it was not done."""

    __tablename__ = "evidence_orders"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    kind: Mapped[str]
    by: Mapped[str]
    why: Mapped[str]
    basis: Mapped[str]
    ordered_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]

    def downloadable(self, now: datetime) -> bool:
        """A bundle is kept for a day."""
        return self.made_bundle and self.done_at is not None and now < self.done_at + KEPT

    @property
    def made_bundle(self) -> bool:
        return self.kind == OrderKind.BUNDLE and self.done_at is not None and self.error is None

    @property
    def bytes(self) -> int | None:
        """The size of the bundle, when the answer says it."""
        size = (self.result or {}).get("bytes")
        return size if isinstance(size, int) else None


@dataclass(frozen=True)
class Wanted:
    """`order_id` is the asker's: the same given twice is ordered once. `hold`: the order of the hold to release;
    None: the only one."""

    order_id: UUID
    kind: OrderKind
    why: str
    basis: str
    until: datetime | None = None
    hold: UUID | None = None


async def place(database: Database, case_id: UUID, wanted: Wanted, by: Visitor) -> UUID:
    """Order it, write the history, tell the evidence service: all or nothing. What a second person has to confirm is
    proposed under the order's id instead. Raises `Problem` 403, 404, 409, 422.

    Returns the order's id: that of the asker within the case, so that nobody takes another's by naming it.
    """
    check_form(wanted)
    order_id = identity("order", case_id, by.account.login, wanted.order_id)
    async with database.transaction() as tx:
        await check_possible(tx, case_id, wanted, tx.clock.now())
        if kind := CONFIRMED.get(wanted.kind):
            details = {"kind": wanted.kind.value, "basis": wanted.basis, "hold": str(wanted.hold or "")}
            await confirming.propose(tx, by, kind, details, wanted.why, confirmation_id=order_id, case_id=case_id)
        else:
            await _order(tx, order_id, case_id, wanted, by.account.pseudonym)
    return order_id


async def carry_out(tx: Transaction, confirmed: Confirmation) -> None:
    """What two people want: both stand in the order, and so in the chain of custody. Raises `Problem` 404, 409."""
    if confirmed.case_id is None:
        raise LookupError(f"confirmation {confirmed.confirmation_id} names no case")
    said = confirmed.details
    hold = UUID(said["hold"]) if said["hold"] else None
    wanted = Wanted(confirmed.confirmation_id, OrderKind(said["kind"]), confirmed.why, said["basis"], hold=hold)
    await check_possible(tx, confirmed.case_id, wanted, tx.clock.now())
    both = f"{confirmed.proposed_by} + {confirmed.ended_by}"
    await _order(tx, confirmed.confirmation_id, confirmed.case_id, wanted, both)


async def _order(tx: Transaction, order_id: UUID, case_id: UUID, wanted: Wanted, by: str) -> None:
    order = {
        "order_id": order_id,
        "case_id": case_id,
        "kind": wanted.kind.value,
        "by": by,
        "why": wanted.why,
        "basis": wanted.basis,
        "ordered_at": tx.clock.now(),
    }
    placed = await tx.execute(insert(Order).values(order).on_conflict_do_nothing().returning(Order.order_id))
    if placed.first() is None:
        return await check_same(tx, order_id, order)
    event = EvidenceOrdered.model_validate({**order, "until": wanted.until, "hold": wanted.hold})
    tx.publish(event, id=identity("evidence.ordered", event.order_id))
    details = {"order": str(event.order_id), "kind": event.kind.value, "why": event.why, "basis": event.basis}
    await history.append(tx, case_id, by, Action.ORDERED, details)


def check_form(wanted: Wanted) -> None:
    for field in ("why", "basis"):
        words = getattr(wanted, field)
        if not words.strip():
            raise Problem(422, f"no-{field}", field=field)
        if len(words) > MAX_WORDS:
            raise Problem(422, "too-long", field=field, most=MAX_WORDS)
    if wanted.kind not in KINDS:
        raise Problem(422, "bad-order", field="kind")
    try:
        _ = wanted.until and wanted.until.astimezone(UTC) + A_DAY
    except OverflowError as error:  # the calendar's last day, which is over it somewhere in the world
        raise Problem(422, "bad-until", field="until") from error


async def check_same(tx: Transaction, order_id: UUID, given: Mapping[str, Any]) -> None:
    """Who goes back to a form and changes it must not believe that the change was ordered. Raises `Problem` 409."""
    placed = await tx.get(Order, order_id)
    if placed and any(getattr(placed, name) != given[name] for name in ("kind", "why", "basis")):
        raise Problem(409, "order-differs", field="order_id")


async def check_possible(tx: Transaction, case_id: UUID, wanted: Wanted, now: datetime) -> None:
    case = await tx.get(Case, case_id, lock=True)
    if case is None:
        raise Problem(404, "no-case")
    if case.destroyed_at:
        raise Problem(409, "destroyed", at=case.destroyed_at)
    if case.sealed_at is None:
        raise Problem(409, "not-sealed")
    if wanted.until and wanted.until <= now:
        raise Problem(422, "bad-until", field="until")
    if wanted.kind is OrderKind.RELEASE:
        present = [hold.order for hold in holds(await lines.read(tx, case_id), now)]
        named = present if wanted.hold is None else [order for order in present if order == str(wanted.hold)]
        if len(named) != 1:
            raise Problem(409, "no-hold", field="hold")


async def done(event: EvidenceOrderDone, tx: Transaction) -> None:
    """The evidence service answers. An order from the command line is heard of here for the first time."""
    told = {
        "by": event.by,
        "why": event.why,
        "basis": event.basis,
        "case_id": event.case_id,
        "kind": event.kind.value,
        "ordered_at": event.ordered_at,
        "done_at": event.done_at,
        "result": event.result,
        "error": event.error,
    }
    row = insert(Order).values(order_id=event.order_id, **told)
    await tx.execute(row.on_conflict_do_update(index_elements=["order_id"], set_=told))
    details = {"order": str(event.order_id), "kind": event.kind.value}
    if event.error:
        await history.append(tx, event.case_id, event.owner, Action.ORDER_FAILED, details | {"error": event.error})
    else:
        await history.append(tx, event.case_id, event.owner, Action.ORDER_DONE, details)


async def listed(database: Database, case_id: UUID) -> tuple[Case, Sequence[Order]]:
    """The case and its orders alone: a page asks every two seconds. Raises `Problem` 404."""
    async with database.transaction() as tx:
        case = await tx.get(Case, case_id)
        if case is None:
            raise Problem(404, "no-case")
        return case, await of_case(tx, case_id)


async def of_case(tx: Transaction, case_id: UUID) -> Sequence[Order]:
    """The newest first."""
    return await tx.scalars(
        sa.select(Order).where(Order.case_id == case_id).order_by(Order.ordered_at.desc(), Order.order_id.desc())
    )
