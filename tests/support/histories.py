"""Audit histories made in memory: lines of several chains, their tree, its signed heads, and the export of it all."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify.canonical import moment
from haetae_verify.heads import Head, key_id, sign
from haetae_verify.history_rows import FORMAT
from haetae_verify.tree import Frontier, leaf
from services.gateway.audit import GENESIS, Action, Line, next_line
from services.gateway.tree.exporting import line_row
from services.gateway.tree.store import HeadKey
from shared.database import Transaction

KEY, OTHER_KEY = (Ed25519PrivateKey.from_private_bytes(seed * 32) for seed in (b"h", b"i"))
T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
LOG = "test"
STEP = timedelta(seconds=10)  # between lines
EVERY = 6  # lines a head: one a minute


@dataclass
class History:
    """`lines` in the order of the tree. `heads` by size."""

    lines: list[Line]
    heads: list[Head] = field(default_factory=list)
    keys: list[Ed25519PrivateKey] = field(default_factory=lambda: [KEY])

    def signed(self, key: Ed25519PrivateKey = KEY, every: int = EVERY) -> History:
        """With heads anew, as whoever has the key can make them."""
        frontier, self.heads = Frontier(), []
        for place, line in enumerate(self.lines, 1):
            frontier.add(leaf(bytes.fromhex(line.hash)))
            if place % every == 0 or place == len(self.lines):
                self.heads.append(sign(LOG, place, frontier.root().hex(), T0 + place * STEP, key))
        return self

    def copy(self) -> History:
        return History(list(self.lines), list(self.heads), list(self.keys))

    def rows(self, *, complete: bool = True, size: int | None = None, made_at: datetime | None = None) -> list[bytes]:
        heads = {head.size: head for head in self.heads}
        made = moment(made_at or T0 + (len(self.lines) + 1) * STEP)
        public = [key.public_key().public_bytes_raw() for key in self.keys]
        begin = {
            "format": FORMAT, "log": LOG, "size": size or len(self.lines), "complete": complete, "made_at": made,
            "made_by": "auditor-1",
            "keys": [{"key_id": key_id(raw), "public_key": raw.hex(), "since": moment(T0)} for raw in public],
        }  # fmt: skip
        found = [row(begin)]
        for place, line in enumerate(self.lines, 1):
            found.append(line_row(line))
            if place in heads:
                found.append(row({"head": told(heads[place])}))
        return found


async def on_record(tx: Transaction, key: Ed25519PrivateKey = KEY) -> None:
    """The key signs, without the line that says so."""
    public = key.public_key().public_bytes_raw()
    if not await tx.get(HeadKey, key_id(public)):
        tx.add(HeadKey(key_id=key_id(public), public_key=public.hex(), since=tx.clock.now()))


def row(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def told(head: Head) -> dict[str, object]:
    return vars(head) | {"signed_at": moment(head.signed_at)}


def kept(folder: Path, heads: Iterable[Head]) -> Path:
    """As a subscriber of the topic writes them down."""
    path = folder / "kept.jsonl"
    path.write_bytes(b"".join(row(told(head)) for head in heads))
    return path


def history(count: int = 60, chains: int = 5, seed: int = 1) -> History:
    """Every tenth line is of another agency."""
    chosen, ends, lines = random.Random(seed), dict[UUID, Line](), list[Line]()
    for place in range(count):
        chain = UUID(int=chosen.randrange(chains) + 1)
        end = ends.get(chain)
        ends[chain] = next_line(
            chain,
            end.seq if end else 0,
            end.hash if end else GENESIS,
            at=T0 + place * STEP,
            actor=f"reviewer-{place % 3}",
            action=Action.OPENED,
            details={"pictures": place, "words": "해태 \u2028 gate seven"},
            agency="north" if place % 10 == 9 else "home",
        )
        lines.append(ends[chain])
    return History(lines).signed()


def chained(lines: Sequence[Line], change: Callable[[Line], Line]) -> list[Line]:
    """Every line changed as told and hashed anew: chains agree again, as who owns the database can make them."""
    ends: dict[UUID, Line] = {}
    found = []
    for line in map(change, lines):
        end = ends.get(line.chain)
        ends[line.chain] = next_line(
            line.chain,
            end.seq if end else 0,
            end.hash if end else GENESIS,
            at=line.at,
            actor=line.actor,
            action=Action(line.action),
            details=line.details,
            agency=line.agency,
        )
        found.append(ends[line.chain])
    return found


def rewritten(whole: History, place: int, **change: object) -> History:
    """The line at this place is another one, and everything after it agrees."""
    target = whole.lines[place]
    lines = chained(whole.lines, lambda line: replace(line, **change) if line is target else line)  # type: ignore[arg-type]
    return History(lines, [], list(whole.keys))


class Known:
    """The root of any complete subtree, computed anew. `entries`: of other leaves."""

    def __init__(self, entries: list[bytes] | None = None) -> None:
        self._entries = entries

    def __call__(self, subtree: tuple[int, int]) -> bytes:
        level, index = subtree
        part = Frontier()
        for number in range(index << level, (index + 1) << level):
            part.add(leaf(self._entries[number] if self._entries else b"line %d" % number))
        return part.root()
