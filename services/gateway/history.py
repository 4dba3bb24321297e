"""Adding to the audit history, and checking a chain of it. What proves the whole is the tree (`tree/`)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.gateway.audit import GENESIS, NAMED, Action, Break, Line, next_line, of_agency, verify_chain
from services.gateway.store import AuditLine, Case, Chain
from shared.database import Transaction

# Whose line it is: of the agency whose case it tells of, else of the one that asks, else of the first.
ASKING = sa.func.whose_request()
OF_CASE = sa.select(Case.agency).where(Case.case_id == Chain.chain).scalar_subquery()
AGENCY = sa.func.coalesce(OF_CASE, ASKING).label("agency")

# The line and the chain's new end on one way to the database: all who add to the chain wait for it.
ADD = sa.text(
    "WITH ended AS (UPDATE chains SET length = :seq, head = :hash WHERE chain = :chain) "
    "INSERT INTO audit (chain, seq, at, actor, action, details, prev_hash, hash, agency) "
    "VALUES (:chain, :seq, :at, :actor, :action, :details, :prev_hash, :hash, :agency)"
).bindparams(sa.bindparam("chain", type_=sa.Uuid), sa.bindparam("details", type_=JSONB))


async def append(
    tx: Transaction, chain: UUID, actor: str, action: Action, details: Mapping[str, Any], agency: str | None = None
) -> Line:
    """Add a line under the lock of the chain's end. Whoever holds a case's row as well takes that one first.
    `agency`: whose line it is, where it is not that of the case or of who asks."""
    if chain in NAMED:
        agency = agency or (await tx.execute(sa.select(ASKING))).scalar_one()
        chain = of_agency(chain, agency)
    length, head, own = await _end(tx, chain)
    line = next_line(
        chain,
        length,
        head,
        at=tx.clock.now(),
        actor=actor,
        action=action,
        details=dict(details),
        agency=agency or own,
    )
    await tx.execute(ADD, vars(line))
    return line


async def _end(tx: Transaction, chain: UUID) -> tuple[int, str, str]:
    """Length and last hash of the chain, whose end is locked, and whose a line of it is."""
    wanted = sa.select(Chain.length, Chain.head, AGENCY).where(Chain.chain == chain).with_for_update(of=Chain)
    found = (await tx.execute(wanted)).one_or_none()
    if found is None:
        await tx.execute(insert(Chain).values(chain=chain, length=0, head=GENESIS).on_conflict_do_nothing())
        found = (await tx.execute(wanted)).one()
    return found.length, found.head, found.agency


async def read(tx: Transaction, chain: UUID) -> tuple[list[Line], Break | None]:
    """The chain's lines and its first break. The end is read first: lines that come in between are left out."""
    end = await tx.get(Chain, chain)
    length, head = (end.length, end.head) if end else (0, GENESIS)
    statement = sa.select(AuditLine).where(AuditLine.chain == chain, AuditLine.seq <= length).order_by(AuditLine.seq)
    lines = [row.line for row in await tx.scalars(statement)]
    return lines, verify_chain(chain, lines, length, head)
