"""What we state: signed, at a position without gaps, published and read over HTTP. Withdrawn by another statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import sqlalchemy as sa

from services.gateway import history
from services.gateway.audit import FEDERATION_CHAIN, Action
from services.gateway.federation.house import Federation
from services.gateway.federation.statements import BODIES, Statement, Withdrawal, sign
from services.gateway.federation.store import Issued, IssuedEnds
from services.gateway.problems import Problem
from services.gateway.rights import confirming
from services.gateway.rights.confirming import Confirmation, Kind
from services.gateway.sessions import Visitor
from shared.database import Transaction
from shared.events import StatementIssued, StatementKind
from shared.events.base import Value
from shared.events.federation import MAX_JWS
from shared.identity import identity

Why = Literal["mistake", "appeal", "person_asked", "superseded"]
MOST = 100  # statements of a page: 1.6 MB at most


async def issue(
    tx: Transaction,
    house: Federation,
    kind: StatementKind,
    body: Value,
    *,
    subject: str,
    by: str,
    until: datetime | None = None,
    about: UUID | None = None,
) -> Issued:
    """State it, unless it stands already: one of a subject does. Another body of the same subject takes the place of
    the one before, which is withdrawn as superseded. Raises `Problem` 409 while federation is off, 422 when it is too
    long to be signed."""
    key, said = house.signing(), body.model_dump(mode="json", exclude_none=True)
    ends = (await tx.scalars(sa.select(IssuedEnds).with_for_update()))[0]
    if standing := await of_subject(tx, subject):
        if standing.body == said and standing.until == until:
            return standing
        await withdraw(tx, house, standing.statement_id, "superseded", by=by)
    now, id = tx.clock.now(), uuid4()
    made = Statement(id=id, issuer=house.name, kind=kind, issued_at=now, until=until, body=said)
    text = sign(made, key)
    if len(text) > MAX_JWS:
        raise Problem(422, "statement-too-long", field="body")
    ends.newest += 1
    row = Issued(
        position=ends.newest,
        statement_id=id,
        kind=kind.value,
        subject=subject,
        about=about,
        body=said,
        statement=text,
        issued_at=now,
        until=until,
        by=by,
    )
    tx.add(row)
    await tx.flush()
    event = StatementIssued(statement_id=id, about=about or id, kind=kind, statement=text, issued_at=now)
    tx.publish(event, id=identity("federation.stated", id))
    told = {"statement": str(id), "kind": kind.value, "subject": subject}
    await history.append(tx, FEDERATION_CHAIN, by, Action.STATED, told | ({"about": str(about)} if about else {}))
    return row


async def withdraw(tx: Transaction, house: Federation, statement_id: UUID, why: Why, *, by: str) -> Issued:
    """Again is no error. Raises `Problem` 404 for none of ours, 409 for a withdrawal, or while federation is off."""
    house.signing()
    (await tx.scalars(sa.select(IssuedEnds).with_for_update()))
    row = await tx.scalar(sa.select(Issued).where(Issued.statement_id == statement_id))
    if row is None:
        raise Problem(404, "no-statement")
    if row.kind == StatementKind.WITHDRAWAL:
        raise Problem(409, "statement-is-withdrawal")
    row.withdrawn_at = row.withdrawn_at or tx.clock.now()
    await tx.flush()
    body, subject = Withdrawal(statement_id=statement_id, why=why), f"withdrawal:{statement_id}"
    already = await of_subject(tx, subject)
    if already is not None:
        return already
    return await issue(tx, house, StatementKind.WITHDRAWAL, body, subject=subject, by=by, about=statement_id)


async def of_subject(tx: Transaction, subject: str) -> Issued | None:
    """What stands of it."""
    return await tx.scalar(sa.select(Issued).where(Issued.subject == subject, Issued.withdrawn_at.is_(None)))


async def standing(tx: Transaction, prefix: str) -> Sequence[Issued]:
    """Whatever stands of subjects that begin so."""
    mine = sa.select(Issued).where(Issued.subject.startswith(prefix, autoescape=True), Issued.withdrawn_at.is_(None))
    return await tx.scalars(mine.order_by(Issued.position))


async def after(tx: Transaction, position: int, most: int = MOST) -> Sequence[Issued]:
    """What follows the position, in order."""
    return await tx.scalars(sa.select(Issued).where(Issued.position > position).order_by(Issued.position).limit(most))


async def propose(
    tx: Transaction,
    house: Federation,
    by: Visitor,
    kind: Literal[StatementKind.HARMLESS, StatementKind.CONTACT],
    body: Value,
    why: str,
    *,
    subject: str,
    confirmation_id: UUID,
) -> Confirmation:
    """What a person wants to be stated; a second one confirms. Raises `Problem` as `confirming.propose`."""
    house.asked_by(by.account.agency)
    details: Mapping[str, Any] = {
        "statement_kind": kind.value,
        "subject": subject,
        "body": body.model_dump_json(exclude_none=True),
    }
    return await confirming.propose(tx, by, Kind.STATE, details, why, confirmation_id=confirmation_id)


async def carry_out(tx: Transaction, confirmed: Confirmation, *, house: Federation) -> None:
    kind, by = StatementKind(confirmed.details["statement_kind"]), confirmed.ended_by or confirmed.proposed_by
    body = BODIES[kind].model_validate_json(confirmed.details["body"])
    await issue(tx, house, kind, body, subject=confirmed.details["subject"], by=by)
