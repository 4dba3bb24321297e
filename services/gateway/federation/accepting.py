"""What lies in quarantine: looked at, taken by two persons, or refused by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

import sqlalchemy as sa

from services.gateway import history
from services.gateway.audit import FEDERATION_CHAIN, Action
from services.gateway.federation import peers
from services.gateway.federation.dropping import COUNTED
from services.gateway.federation.house import Federation
from services.gateway.federation.store import Received, ReceivedState
from services.gateway.problems import Problem
from services.gateway.rights import confirming
from services.gateway.rights.confirming import Confirmation, Kind
from services.gateway.sessions import Visitor
from shared.database import Transaction
from shared.events import StatedContact, StatedHashes, StatementKind, StatementTaken
from shared.identity import identity

MOST = 500  # statements of a batch: their events go out in one transaction
EXAMPLES = 5
HASH_SHOWN = 16  # digits: enough to compare, too few to try pictures against


@dataclass(frozen=True)
class Batch:
    """Of one peer and kind, the oldest first. `categories`: how many of each; `examples`: beginnings of hashes,
    domains."""

    issuer: str
    kind: str
    number: int
    waiting: int
    categories: dict[str, int]
    examples: list[str]


async def batches(tx: Transaction) -> list[Batch]:
    """What waits, by peer and kind."""
    waits = Received.state == ReceivedState.WAITING
    groups = sa.select(Received.issuer, Received.kind, sa.func.count().label("n")).where(waits)
    rows = await tx.execute(groups.group_by(Received.issuer, Received.kind).order_by(Received.issuer, Received.kind))
    return [preview(one.issuer, one.kind, one.n, await _next(tx, one.issuer, one.kind)) for one in rows.all()]


def preview(issuer: str, kind: str, waiting: int, rows: Sequence[Received]) -> Batch:
    categories: dict[str, int] = {}
    for row in rows:
        if category := row.body.get("category"):
            categories[category] = categories.get(category, 0) + 1
    return Batch(issuer, kind, len(rows), waiting, categories, [example(row.body) for row in rows[:EXAMPLES]])


def example(body: dict[str, Any]) -> str:
    if hashes := body.get("hashes"):
        return f"{hashes[0]['algorithm']} {hashes[0]['hash'][:HASH_SHOWN]}…"
    return " ".join(str(body[name]) for name in ("domain", "email", "form", "month", "notices") if body.get(name))


async def standing(tx: Transaction) -> list[tuple[str, str, int]]:
    """What counts, by peer and kind; withdrawals left out."""
    counts = (Received.state == ReceivedState.TAKEN, Received.kind != StatementKind.WITHDRAWAL)
    groups = sa.select(Received.issuer, Received.kind, sa.func.count().label("n")).where(*counts)
    rows = await tx.execute(groups.group_by(Received.issuer, Received.kind).order_by(Received.issuer, Received.kind))
    return [(one.issuer, one.kind, one.n) for one in rows.all()]


async def _next(tx: Transaction, issuer: str, kind: str) -> Sequence[Received]:
    waits = (Received.issuer == issuer, Received.kind == kind, Received.state == ReceivedState.WAITING)
    return await tx.scalars(
        sa.select(Received).where(*waits).order_by(Received.issued_at, Received.statement_id).limit(MOST)
    )


async def propose(
    tx: Transaction, house: Federation, by: Visitor, issuer: str, kind: str, why: str, *, confirmation_id: UUID
) -> Confirmation:
    """That the oldest of them count here; a second person confirms. Raises `Problem` 403, 404, 409, 422."""
    house.asked_by(by.account.agency)
    await peers.needed(tx, issuer, lock=True)
    known = await tx.get(Confirmation, confirmation_id)
    rows = [] if known else await _next(tx, issuer, kind)
    if not rows and known is None:
        raise Problem(409, "nothing-waits")
    shown = preview(issuer, kind, len(rows), rows)
    details = known.details if known else {
        "peer": issuer,
        "statement_kind": kind,
        "number": str(shown.number),
        "categories": [f"{name}: {n}" for name, n in sorted(shown.categories.items())],
        "examples": shown.examples,
    }  # fmt: skip
    asked = await confirming.propose(tx, by, Kind.TAKE_STATEMENTS, details, why, confirmation_id=confirmation_id)
    for row in rows:
        row.batch = confirmation_id
    return asked


async def carry_out(tx: Transaction, confirmed: Confirmation) -> None:
    """Those of the batch that still wait count from now on. Raises `Problem` 404 when the peer is believed no longer,
    409 when none is left."""
    await peers.needed(tx, confirmed.details["peer"], lock=True)
    mine = (Received.batch == confirmed.confirmation_id, Received.state == ReceivedState.WAITING)
    rows = await tx.scalars(sa.select(Received).where(*mine).order_by(Received.issued_at).with_for_update())
    now, by = tx.clock.now(), confirmed.ended_by or confirmed.proposed_by
    rows = [row for row in rows if row.until is None or row.until > now]
    if not rows:
        raise Problem(409, "nothing-waits")
    for row in rows:
        row.state, row.ended_at, row.ended_by = ReceivedState.TAKEN.value, now, by
        if row.kind in COUNTED:
            tx.publish(taken(row, by), id=identity("statement.taken", row.statement_id))
    told = {"peer": rows[0].issuer, "kind": rows[0].kind, "statements": len(rows)}
    await history.append(tx, FEDERATION_CHAIN, by, Action.STATEMENTS_TAKEN, told)


def taken(row: Received, by: str) -> StatementTaken:
    contact = row.kind == StatementKind.CONTACT
    return StatementTaken(
        statement_id=row.statement_id,
        issuer=row.issuer,
        kind=cast(Literal["known", "harmless", "contact"], row.kind),
        hashes=None if contact else StatedHashes.model_validate(row.body),
        contact=StatedContact.model_validate(row.body) if contact else None,
        by=by,
        taken_at=row.ended_at or row.received_at,
    )


async def refuse(tx: Transaction, house: Federation, by: Visitor, issuer: str, kind: str) -> int:
    """The oldest of them count nowhere, also when they come again; how many. Raises `Problem` 404, 409."""
    house.asked_by(by.account.agency)
    await peers.needed(tx, issuer, lock=True)
    rows = await _next(tx, issuer, kind)
    if not rows:
        raise Problem(409, "nothing-waits")
    for row in rows:
        row.state, row.ended_at, row.ended_by = (
            ReceivedState.REFUSED.value, tx.clock.now(), by.account.pseudonym
        )  # fmt: skip
    told = {"peer": issuer, "kind": kind, "statements": len(rows)}
    await history.append(tx, FEDERATION_CHAIN, by.account.pseudonym, Action.STATEMENTS_REFUSED, told)
    return len(rows)
