"""The history checks itself in the background: new lines soon, all of them again and again, chains' ends as well.

A page shows what was found; nothing is recomputed while somebody waits. What somebody with the owner's rights rewrites
everywhere at once is not found here: for that there are the heads that others keep (`haetae_verify history`).
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from haetae_verify.heads import Head
from haetae_verify.tree import Frontier
from services.gateway.audit import Line
from services.gateway.store import AuditLine
from services.gateway.tree.examining import Course, Found, Placed, examine
from services.gateway.tree.store import Check, HeadKey, HeadRow, Leaf
from shared.database import Transaction

NEW, WHOLE, ENDS = "new", "whole", "ends"
LINES_AT_ONCE = 500  # ten milliseconds of a core, in which no page is served
CHAINS_AT_ONCE = 200
AGAIN = timedelta(hours=24)  # after the end of one round the next begins
PREVIOUS = sa.text(
    "SELECT l.chain, l.seq, l.position, a.hash FROM unnest(cast(:chains AS uuid[]), cast(:seqs AS int[])) "
    "AS wanted (chain, seq) JOIN audit_leaves l USING (chain, seq) JOIN audit a USING (chain, seq, at)"
)
# Also chains of which there is no end: lines that somebody wrote behind the gateway's back.
CHAIN_ENDS = sa.text(
    "SELECT n.chain, coalesce(c.length, 0) AS length, c.head, e.seq, e.hash, e.at, e.action, "
    "coalesce(w.lines, 0) AS waiting, "
    "(SELECT count(*) FROM audit a WHERE a.chain = n.chain) AS lines, "
    "(SELECT count(*) FROM audit_leaves l WHERE l.chain = n.chain) AS leaves "
    "FROM ((SELECT chain FROM chains WHERE chain > :after ORDER BY chain LIMIT :most) UNION "
    "(SELECT DISTINCT chain FROM audit WHERE chain > :after ORDER BY chain LIMIT :most) "
    "ORDER BY chain LIMIT :most) AS n "
    "LEFT JOIN chains c ON c.chain = n.chain "
    "LEFT JOIN LATERAL (SELECT * FROM audit a WHERE a.chain = n.chain ORDER BY a.seq DESC LIMIT 1) AS e ON true "
    "LEFT JOIN (SELECT chain, count(*) AS lines FROM audit_waiting GROUP BY chain) AS w ON w.chain = n.chain "
    "ORDER BY n.chain"
)


async def follow(tx: Transaction, name: str, most: int = LINES_AT_ONCE) -> bool:
    """One portion in leaf order; whether there may be more at once. Where something is wrong it stays."""
    check = await _held(tx, name)
    if check is None:
        return False
    end = await tx.scalar(sa.select(HeadRow.size).order_by(HeadRow.size.desc()).limit(1)) or 0
    if check.size > end:
        check.broken = Found("cut", leaf=end, size=check.size).stored()
        return False
    if check.size == end:
        return _finished(tx, check, restarts=name == WHOLE)
    portion = await _portion(tx, check.size, min(end, check.size + most))
    if not portion:
        portion = [Placed(-1, UUID(int=0), 0, tx.clock.now(), b"", None, None)]  # leaves were taken out up to the end
    heads = await _heads(tx, check.size, check.size + most)
    signed_at = await tx.scalar(
        sa.select(HeadRow.signed_at).where(HeadRow.size <= check.size).order_by(HeadRow.size.desc()).limit(1)
    )
    course = Course(Frontier(check.size, check.frontier), check.latest, signed_at, None)
    found = examine(course, portion, heads, await keys(tx))
    check.moved_at = tx.clock.now()
    check.broken = found.stored() if found else None
    if found is None:
        check.size, check.frontier = course.frontier.size, list(course.frontier.hashes)
        check.latest = course.latest
        check.early = check.early or (course.early.stored() if course.early else None)
    return found is None


async def ends(tx: Transaction, most: int = CHAINS_AT_ONCE) -> bool:
    """Some chains: do lines, leaves and the end that is kept apart agree? Whether there are more."""
    check = await _held(tx, ENDS)
    if check is None:
        return False
    rows = (await tx.execute(CHAIN_ENDS, {"after": check.after or UUID(int=0), "most": most})).mappings().all()
    if not rows:
        return _finished(tx, check, restarts=True)
    found = next(filter(None, map(_end, rows)), None)
    check.moved_at, check.broken = tx.clock.now(), found.stored() if found else None
    if found is None:
        check.after = rows[-1]["chain"]
    return found is None


def _end(row: sa.RowMapping) -> Found | None:
    chain, length, seq = row["chain"], row["length"], row["seq"] or 0
    if seq < length:
        return Found("cut", chain, seq + 1)
    here = (chain, seq, row["at"], row["action"])
    if row["lines"] != length or row["leaves"] + row["waiting"] != length:
        return Found("extra", *here)
    return Found("changed", *here) if row["hash"] != row["head"] else None


async def state(tx: Transaction) -> dict[str, Check]:
    return {row.name: row for row in await tx.scalars(sa.select(Check))}


async def keys(tx: Transaction) -> dict[str, bytes]:
    """Public keys by their id."""
    return {row.key_id: bytes.fromhex(row.public_key) for row in await tx.scalars(sa.select(HeadKey))}


async def _held(tx: Transaction, name: str) -> Check | None:
    """The check, unless another process is at it."""
    wanted = sa.select(Check).where(Check.name == name).with_for_update(skip_locked=True)
    if check := await tx.scalar(wanted):
        return check
    if await tx.get(Check, name):
        return None
    tx.add(made := Check(name=name, size=0, frontier=[], began_at=tx.clock.now()))
    await tx.flush()
    return made


def _finished(tx: Transaction, check: Check, *, restarts: bool) -> bool:
    now = tx.clock.now()
    if check.ended_at is None or (check.began_at and check.ended_at < check.began_at):
        check.ended_at = now
    if restarts and now - check.ended_at >= AGAIN:
        check.size, check.after, check.frontier, check.latest = 0, None, [], None
        check.began_at, check.early = now, None
        return True
    if not restarts:
        check.ended_at = now
    return False


async def _portion(tx: Transaction, first: int, end: int) -> Sequence[Placed]:
    line = sa.and_(AuditLine.chain == Leaf.chain, AuditLine.seq == Leaf.seq, AuditLine.at == Leaf.at)
    wanted = sa.select(Leaf, AuditLine).outerjoin(AuditLine, line).where(Leaf.position >= first, Leaf.position < end)
    rows = [(row["Leaf"], row["AuditLine"]) for row in (await tx.execute(wanted.order_by(Leaf.position))).mappings()]
    before = await _previous(tx, [(leaf.chain, leaf.seq - 1) for leaf, _ in rows if leaf.seq > 1])
    return [_placed(leaf, line.line if line else None, before.get((leaf.chain, leaf.seq - 1))) for leaf, line in rows]


def _placed(leaf: Leaf, line: Line | None, previous: tuple[str, int] | None) -> Placed:
    return Placed(leaf.position, leaf.chain, leaf.seq, leaf.at, leaf.hash, line, previous)


async def _previous(tx: Transaction, wanted: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], tuple[str, int]]:
    if not wanted:
        return {}
    chains, seqs = zip(*wanted, strict=True)
    rows = await tx.execute(PREVIOUS, {"chains": list(chains), "seqs": list(seqs)})
    return {(row.chain, row.seq): (row.hash, row.position) for row in rows}


async def _heads(tx: Transaction, first: int, end: int) -> list[Head]:
    """Those over more than the first leaves, and the next one after the portion: it covers the rest of it."""
    rows = sa.select(HeadRow).where(HeadRow.size > first).order_by(HeadRow.size)
    within = [row.head for row in await tx.scalars(rows.where(HeadRow.size <= end))]
    following = await tx.scalar(rows.where(HeadRow.size > end).limit(1))
    return [*within, following.head] if following else within
