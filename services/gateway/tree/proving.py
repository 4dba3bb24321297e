"""Proofs out of the tree: that a line is in it, that it begins with what it was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from haetae_verify.tree import consistency, inclusion
from services.gateway.audit import Line
from services.gateway.problems import Problem
from services.gateway.store import AuditLine
from services.gateway.tree import growing, nodes
from services.gateway.tree.store import HeadRow, Leaf
from shared.database import Transaction


@dataclass(frozen=True)
class Included:
    line: Line
    leaf: int
    path: Sequence[bytes]
    head: HeadRow


@dataclass(frozen=True)
class Consistent:
    former: HeadRow
    head: HeadRow
    path: Sequence[bytes]


async def included(tx: Transaction, chain: UUID, seq: int) -> Included:
    """In the newest head's tree. Raises `Problem` 404 `no-line`, 409 `no-head-yet` (ask again within two minutes)."""
    line = await tx.scalar(sa.select(AuditLine).where(AuditLine.chain == chain, AuditLine.seq == seq))
    if line is None:
        raise Problem(404, "no-line", field="seq")
    head = await growing.newest(tx)
    leaf = await tx.scalar(sa.select(Leaf.position).where(Leaf.chain == chain, Leaf.seq == seq))
    if head is None or leaf is None or leaf >= head.size:
        raise Problem(409, "no-head-yet", field="seq")
    return Included(line.line, leaf, await nodes.spans(tx, inclusion(leaf, head.size)), head)


async def consistent(tx: Transaction, former: int, size: int | None) -> Consistent:
    """Of two signed heads; `size` None: the newest. Raises `Problem` 404 `no-head`, 422 `head-order`."""
    first = await tx.get(HeadRow, former)
    second = await growing.newest(tx) if size is None else await tx.get(HeadRow, size)
    if first is None:
        raise Problem(404, "no-head", field="former")
    if second is None:
        raise Problem(404, "no-head", field="size")
    if first.size > second.size:
        raise Problem(422, "head-order", field="former")
    return Consistent(first, second, await nodes.spans(tx, consistency(first.size, second.size)))


async def heads(tx: Transaction, before: int | None, limit: int) -> Sequence[HeadRow]:
    """The newest first, those smaller than `before`."""
    rows = sa.select(HeadRow).order_by(HeadRow.size.desc()).limit(limit)
    return await tx.scalars(rows if before is None else rows.where(HeadRow.size < before))
