"""Orders are written down first and carried out by the service: nobody has to wait, and a kill loses none."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.evidence.orders.store import Order
from shared.database import Transaction
from shared.events import EvidenceOrdered, OrderKind
from shared.failures import Rejected

MOST_TEXT = 2_000  # characters of a reason: a paragraph


class Refused(Rejected):
    """The order is not carried out; the message says why, and what to do, to the official who gave it."""


@dataclass(frozen=True)
class Wanted:
    """An order to be placed. `terms`: see `terms_of`."""

    case_id: UUID
    kind: OrderKind
    by: str
    why: str
    basis: str
    terms: dict[str, Any] = field(default_factory=dict)


def terms_of(until: datetime | None = None, hold: UUID | None = None, retention: str | None = None) -> dict[str, Any]:
    """What a kind of order needs beside who and why: as JSON, without what was not given."""
    given = {"until": until.isoformat() if until else None, "hold": str(hold) if hold else None, "retention": retention}
    return {name: value for name, value in given.items() if value is not None}


async def place(tx: Transaction, order_id: UUID, wanted: Wanted, ordered_at: datetime) -> None:
    """Placing an order again is no error: it is the same order.

    What is wrong with it is said by its result, so that one which came as an event is not lost in silence; call
    `problem` first where somebody can be told at once.
    """
    row = {
        "order_id": order_id,
        "case_id": wanted.case_id,
        "kind": wanted.kind.value,
        "by": wanted.by[:MOST_TEXT],
        "why": wanted.why[:MOST_TEXT],
        "basis": wanted.basis[:MOST_TEXT],
        "terms": wanted.terms,
        "ordered_at": ordered_at,
        "next_at": tx.clock.now(),
        "progress": {},
    }
    await tx.execute(insert(Order).values(row).on_conflict_do_nothing(index_elements=["order_id"]))


def wanted_by(event: EvidenceOrdered) -> Wanted:
    terms = terms_of(event.until, event.hold, event.retention)
    return Wanted(event.case_id, event.kind, _clean(event.by), _clean(event.why), _clean(event.basis), terms)


def problem(by: str, why: str, basis: str) -> str | None:
    """What is missing from an order, as a sentence."""
    for name, text in (("by", by), ("why", why), ("basis", basis)):
        if not text.strip():
            return f"{name} is empty: an order says who wants it, why, and on which law or wish it rests"
        if len(text) > MOST_TEXT or "\0" in text:
            return f"{name} has {len(text):,} characters; write at most {MOST_TEXT:,}, without U+0000"
    return None


async def order_of(tx: Transaction, order_id: UUID) -> Order | None:
    return await tx.get(Order, order_id)


async def listed(tx: Transaction, case_id: UUID | None, waiting_only: bool, limit: int) -> list[Order]:
    """The newest first."""
    found = sa.select(Order).order_by(Order.position.desc()).limit(limit)
    if case_id is not None:
        found = found.where(Order.case_id == case_id)
    if waiting_only:
        found = found.where(Order.done_at.is_(None))
    return list(await tx.scalars(found))


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "")
