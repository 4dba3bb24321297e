"""The audit history."""

from collections import defaultdict
from uuid import UUID

import sqlalchemy as sa

from chaos.invariants.seen import Seen
from services.gateway.audit import GENESIS, Line, verify_chain
from services.gateway.store import AuditLine, Chain
from services.gateway.tree import checking
from services.gateway.tree.store import Check

NAME = "afterwards"  # of a check whose row is never committed
PLACED = """
    SELECT a.chain, a.seq FROM gateway.audit a
    LEFT JOIN gateway.audit_leaves l USING (chain, seq) LEFT JOIN gateway.audit_waiting w USING (chain, seq)
    WHERE l.chain IS NULL AND w.chain IS NULL
"""


class RollBack(Exception):
    """The end of a look that writes."""


async def audit_verifies(seen: Seen) -> list[str]:
    """The audit history verifies: each chain from first line to end, the tree over them, and its signed heads."""
    said = [f"line {row.seq} of chain {row.chain} has no place in the tree" for row in await seen.rows(PLACED)]
    return [*await _chains(seen), *await _tree(seen), *said]


async def _chains(seen: Seen) -> list[str]:
    lines: dict[UUID, list[Line]] = defaultdict(list)
    async with seen.gateway.transaction() as tx:
        await tx.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        ends = {end.chain: (end.length, end.head) for end in await tx.scalars(sa.select(Chain))}
        for row in await tx.scalars(sa.select(AuditLine).order_by(AuditLine.chain, AuditLine.seq)):
            lines[row.chain].append(row.line)
    broken = [verify_chain(chain, lines[chain], *ends.get(chain, (0, GENESIS))) for chain in {**ends, **lines}]
    return [f"chain {one.chain}: line {one.seq} is {one.kind}" for one in broken if one]


async def _tree(seen: Seen) -> list[str]:
    """The gateway's own check, from the first leaf on."""
    broken = None
    try:
        async with seen.gateway.transaction() as tx:
            while await checking.follow(tx, NAME):
                await tx.flush()
            check = await tx.get(Check, NAME)
            broken = check.broken if check else None
            raise RollBack
    except RollBack:
        return [f"the tree: {broken}"] if broken else []
