"""Adding to the audit history, and checking it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.gateway.audit import GENESIS, Action, Break, Line, next_line, verify_chain
from services.gateway.store import AuditLine, Chain
from shared.database import Transaction

CHAINS_AT_ONCE = 200  # verified per round trip: a few thousand lines in memory


async def append(tx: Transaction, chain: UUID, actor: str, action: Action, details: Mapping[str, Any]) -> Line:
    """Add a line under the lock of the chain's end. Whoever holds a case's row as well takes that one first."""
    await tx.execute(insert(Chain).values(chain=chain, length=0, head=GENESIS).on_conflict_do_nothing())
    end = await tx.get(Chain, chain, lock=True)
    if end is None:
        raise LookupError(f"chain {chain} vanished while a line was added")
    line = next_line(chain, end.length, end.head, at=tx.clock.now(), actor=actor, action=action, details=dict(details))
    tx.add(
        AuditLine(
            chain=line.chain,
            seq=line.seq,
            at=line.at,
            actor=line.actor,
            action=line.action,
            details=line.details,
            prev_hash=line.prev_hash,
            hash=line.hash,
        )
    )
    end.length, end.head = line.seq, line.hash
    return line


async def read(tx: Transaction, chain: UUID) -> tuple[list[Line], Break | None]:
    """The chain's lines and its first break. The end is read first: lines that come in between are left out."""
    end = await tx.get(Chain, chain)
    length, head = (end.length, end.head) if end else (0, GENESIS)
    statement = sa.select(AuditLine).where(AuditLine.chain == chain, AuditLine.seq <= length).order_by(AuditLine.seq)
    lines = [row.line for row in await tx.scalars(statement)]
    return lines, verify_chain(chain, lines, length, head)


async def newest(tx: Transaction, limit: int) -> list[Line]:
    rows = await tx.scalars(sa.select(AuditLine).order_by(AuditLine.at.desc(), AuditLine.seq.desc()).limit(limit))
    return [row.line for row in rows]


async def check_all(tx: Transaction) -> AsyncIterator[tuple[UUID, int, Break | None]]:
    """Every chain with its length and its first break; ends are read before lines, as in `read`."""
    after = UUID(int=0)
    while ends := await tx.scalars(
        sa.select(Chain).where(Chain.chain > after).order_by(Chain.chain).limit(CHAINS_AT_ONCE)
    ):
        after = ends[-1].chain
        lines: dict[UUID, list[Line]] = {end.chain: [] for end in ends}
        rows = sa.select(AuditLine).where(AuditLine.chain.in_(lines)).order_by(AuditLine.chain, AuditLine.seq)
        for row in await tx.scalars(rows):
            lines[row.chain].append(row.line)
        for end in ends:
            known = [line for line in lines[end.chain] if line.seq <= end.length]
            yield end.chain, end.length, verify_chain(end.chain, known, end.length, end.head)
