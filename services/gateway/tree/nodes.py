"""Roots of complete subtrees, out of the leaves and the stored nodes.

Every eighth level is stored: at most 256 hashes are read for a subtree, and a thousandth of the tree is kept twice.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from haetae_verify.tree import Frontier, Span, Subtree, joined, node, subtrees
from services.gateway.tree.store import Leaf, Node
from shared.database import Transaction

TILE = 8  # levels


async def size(tx: Transaction) -> int:
    """How many lines have their place."""
    last = await tx.scalar(sa.select(Leaf.position).order_by(Leaf.position.desc()).limit(1))
    return 0 if last is None else last + 1


async def frontier(tx: Transaction, first: int) -> Frontier:
    """Of the first so many leaves."""
    parts = list(subtrees(0, first))
    known = await roots(tx, parts)
    return Frontier(first, [known[part] for part in parts])


async def spans(tx: Transaction, wanted: Sequence[Span]) -> list[bytes]:
    """The roots over the spans of a proof."""
    parts = [list(subtrees(*span)) for span in wanted]
    known = await roots(tx, {part for span in parts for part in span})
    return [joined([known[part] for part in span]) for span in parts]


async def roots(tx: Transaction, wanted: Iterable[Subtree]) -> dict[Subtree, bytes]:
    """Raises `LookupError` when one of them is not there: the tree is not as large, or something was taken out."""
    by_base: dict[int, list[Subtree]] = {}
    for level, index in wanted:
        by_base.setdefault(level - level % TILE, []).append((level, index))
    found: dict[Subtree, bytes] = {}
    for base, parts in by_base.items():
        stored = await _stored(tx, base, [below(part, base) for part in parts])
        for part in parts:
            first, end = below(part, base)
            try:
                found[part] = complete([stored[index] for index in range(first, end)])
            except KeyError as error:
                raise LookupError(f"node {error} of level {base} is not in the tree") from error
    return found


async def complete_tiles(tx: Transaction, before: int, after: int) -> None:
    """Store the roots of the tiles that were completed while the tree grew from `before` to `after` leaves."""
    level = TILE
    while first_new := list(range(before >> level, after >> level)):
        stored = await _stored(tx, level - TILE, [below((TILE, tile), 0) for tile in first_new])
        rows = [
            {"level": level, "position": tile, "hash": complete([stored[n] for n in range(*below((TILE, tile), 0))])}
            for tile in first_new
        ]
        await tx.execute(sa.insert(Node), rows)
        level += TILE


def below(part: Subtree, base: int) -> Span:
    """The nodes of the level `base` that it is made of."""
    level, index = part
    return index << (level - base), (index + 1) << (level - base)


def complete(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of neighbours."""
    while len(hashes) > 1:
        hashes = [node(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


async def _stored(tx: Transaction, level: int, ranges: Sequence[Span]) -> dict[int, bytes]:
    table, condition = (Node, [Node.level == level]) if level else (Leaf, [])
    within = sa.or_(*(sa.and_(table.position >= first, table.position < end) for first, end in merged(ranges)))
    rows = await tx.execute(sa.select(table.position, table.hash).where(within, *condition))
    return {row.position: row.hash for row in rows}


def merged(ranges: Sequence[Span]) -> list[Span]:
    """The same numbers in as few ranges as possible."""
    found: list[Span] = []
    for first, end in sorted(ranges):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((first, end))
    return found
