"""The history as a file (docs/audit.md): lines, heads and what stands for lines that are left out, in the tree's order.

Everything up to a signed head never changes any more: it is read in portions, each in a transaction of its own.
"""

import base64
import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from haetae_verify.canonical import moment
from haetae_verify.history_rows import FORMAT
from haetae_verify.tree import subtrees
from services.gateway.audit import Line, written
from services.gateway.store import AuditLine
from services.gateway.tree import growing, keys, nodes
from services.gateway.tree.store import HeadRow, Leaf
from shared.database import Database, Transaction

AT_ONCE = 2_000  # leaves a transaction: some tenths of a second
MOST_HEADS = 100  # that a partial export is made to be compared with


@dataclass(frozen=True)
class Asked:
    """Nothing: the whole history, as far as who asks may see it. `chains`: only these. `heads`: sizes of heads that a
    witness keeps; a partial export can be compared with these and with the newest."""

    chains: Collection[UUID] = ()
    since: datetime | None = None
    until: datetime | None = None
    heads: Collection[int] = ()

    @property
    def everything(self) -> bool:
        return not (self.chains or self.since or self.until)


class NothingSigned(Exception):
    """No head is signed yet."""


async def rows(database: Database, asked: Asked, by: str, *, sees_all: bool) -> AsyncIterator[bytes]:
    """The export, row by row. `sees_all`: the database shows lines of every agency. Raises `NothingSigned`."""
    async with database.transaction() as tx:
        newest = await growing.newest(tx)
        if newest is None:
            raise NothingSigned
        complete = asked.everything and sees_all
        yield _row(await _begin(tx, newest, complete, by))
    pen = _Pen(asked, complete)
    while pen.at < newest.size:
        async with database.transaction() as tx:
            for row in await pen.portion(tx, newest.size):
                yield row


async def one_agency(tx: Transaction) -> bool:
    """Whether everybody who sees lines sees them all."""
    agencies = await tx.execute(sa.text("SELECT count(*) FROM agencies"))
    return bool(agencies.scalar_one() == 1)


class _Pen:
    """`at`: leaves written down so far, or left out of the rows before the next line or head."""

    def __init__(self, asked: Asked, complete: bool) -> None:
        self.at, self._written = 0, 0
        self._asked, self._complete = asked, complete

    async def portion(self, tx: Transaction, size: int) -> list[bytes]:
        end = min(size, self.at + AT_ONCE)
        heads = {head.size: head for head in await self._heads(tx, self.at, end, size)}
        found: list[bytes] = []
        for position, line in await self._lines(tx, self.at, end):
            for between in sorted(head for head in heads if head <= position):
                found += [*await self._skip(tx, between), _head(heads.pop(between))]
            found += [*await self._skip(tx, position), line_row(line)]
            self._written = position + 1
        for rest in sorted(heads):
            found += [*await self._skip(tx, rest), _head(heads.pop(rest))]
        self.at = end
        return found

    async def _skip(self, tx: Transaction, to: int) -> list[bytes]:
        """What stands for the leaves up to `to`; where everything is to be there, nothing stands for a line."""
        parts = list(subtrees(self._written, to))
        self._written = max(self._written, to)
        if self._complete or not parts:
            return []
        known = await nodes.roots(tx, parts)
        return [_row({"subtree": {"hash": known[part].hex(), "level": part[0]}}) for part in parts]

    async def _lines(self, tx: Transaction, first: int, end: int) -> Sequence[tuple[int, Line]]:
        asked = self._asked
        line = sa.and_(AuditLine.chain == Leaf.chain, AuditLine.seq == Leaf.seq, AuditLine.at == Leaf.at)
        wanted = sa.select(Leaf.position, AuditLine).join(AuditLine, line)
        wanted = wanted.where(Leaf.position >= first, Leaf.position < end).order_by(Leaf.position)
        if asked.chains:
            wanted = wanted.where(Leaf.chain.in_(asked.chains))
        if asked.since:
            wanted = wanted.where(Leaf.at >= asked.since)
        if asked.until:
            wanted = wanted.where(Leaf.at < asked.until)
        rows = (await tx.execute(wanted)).mappings()
        return [(row["position"], row["AuditLine"].line) for row in rows]

    async def _heads(self, tx: Transaction, first: int, end: int, size: int) -> Sequence[HeadRow]:
        """All of them in a whole history: a line is then known to the minute."""
        wanted = sa.select(HeadRow).where(HeadRow.size > first, HeadRow.size <= end)
        if not self._asked.everything:
            wanted = wanted.where(HeadRow.size.in_({*self._asked.heads, size}))
        return await tx.scalars(wanted)


async def _begin(tx: Transaction, newest: HeadRow, complete: bool, by: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "log": newest.log,
        "size": newest.size,
        "complete": complete,
        "made_at": moment(tx.clock.now()),
        "made_by": by,
        "keys": [key_item(key) for key in await keys.listed(tx)],
    }


def key_item(key: Any) -> dict[str, str | None]:  # noqa: ANN401  # a row of the table
    until = moment(key.until) if key.until else None
    return {"key_id": key.key_id, "public_key": key.public_key, "since": moment(key.since), "until": until}


def line_row(line: Line) -> bytes:
    """The line as it was hashed, behind its hash."""
    return b'{"hash":"%b","line":%b}\n' % (line.hash.encode(), written(line))


def _head(row: HeadRow) -> bytes:
    head = {
        "log": row.log,
        "size": row.size,
        "root": row.root,
        "signed_at": moment(row.signed_at),
        "key_id": row.key_id,
        "signature": row.signature,
        "stamp": base64.b64encode(row.stamp).decode() if row.stamp else None,
        "stamped_by": row.stamped_by,
    }
    return _row({"head": head})


def _row(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"
