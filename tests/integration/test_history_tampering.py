"""Somebody with the rights of the tables' owner tampers with the history in a real PostgreSQL: it is found out.

Each tampering happens in a transaction that is checked from within and then rolled back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from haetae_verify.heads import Head, sign
from haetae_verify.history import check_history
from haetae_verify.tree import Frontier, leaf
from haetae_verify.wrong import Wrong
from services.gateway import history
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.audit import GENESIS, Action, Line, next_line
from services.gateway.store import AuditLine, Chain
from services.gateway.tree import checking, exporting, growing, nodes
from services.gateway.tree.examining import Found
from services.gateway.tree.store import HeadRow, Leaf, Node
from shared.clock import ManualClock
from shared.database import Database, Transaction
from tests.support.histories import KEY, LOG, kept, on_record
from tests.support.stack import Migrated

CHAINS = tuple(UUID(int=number) for number in range(1, 6))
ROUNDS, A_ROUND = 6, 50  # a head after each round; more than one tile of 256 leaves
BAD = 103  # the leaf that is tampered with


class RollBack(Exception):
    """The end of every tampering."""


@asynccontextmanager
async def rolled_back(owner: Database) -> AsyncIterator[Transaction]:
    with suppress(RollBack):
        async with owner.transaction() as tx:
            yield tx
            raise RollBack


@dataclass(frozen=True)
class Kept:
    owner: Database
    lines: Sequence[Line]
    heads: Sequence[Head]


@pytest.fixture(scope="module")
async def whole(migrated_once: Migrated) -> AsyncIterator[Kept]:
    clock = ManualClock()
    database = Database(migrated_once.dsn_for("gateway"), "/haetae/gateway", clock, settings=EVERYTHING)
    owner = Database(migrated_once.owner_url, "/haetae/gateway", clock, schema="gateway")
    async with database.transaction() as tx:
        await on_record(tx)
    for turn in range(ROUNDS):
        clock.advance(61)
        async with database.transaction() as tx:
            for number in range(A_ROUND):
                chain = CHAINS[(number * 3 + turn) % len(CHAINS)]
                await history.append(tx, chain, "reviewer-1", Action.OPENED, {"pictures": number})
        async with database.transaction() as tx:
            await growing.number(tx)
        async with database.transaction() as tx:
            assert await growing.sign_head(tx, LOG, KEY)
    async with database.transaction() as tx:
        placed = sa.select(AuditLine).join(Leaf, sa.and_(Leaf.chain == AuditLine.chain, Leaf.seq == AuditLine.seq))
        lines = [row.line for row in await tx.scalars(placed.order_by(Leaf.position))]
        heads = [row.head for row in await tx.scalars(sa.select(HeadRow).order_by(HeadRow.size))]
    await database.close()
    yield Kept(owner, lines, heads)
    await owner.close()


async def unlocked(tx: Transaction) -> None:
    """What keeps the tables closed, taken away."""
    for table in ("audit", "audit_elsewhen", "audit_leaves", "audit_nodes"):
        await tx.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


async def looked(tx: Transaction) -> Found | None:
    """The first thing that the background checks find, from the beginning."""
    for _ in range(2):
        await checking.follow(tx, checking.WHOLE, 10_000)
        await checking.ends(tx)
    broken = [Found.of(check.broken) for check in (await checking.state(tx)).values() if check.broken]
    return min(broken, key=lambda found: found.leaf is None, default=None)


async def tampered(whole: Kept, *statements: str, **values: object) -> Found | None:
    found = None
    line = whole.lines[BAD]
    async with rolled_back(whole.owner) as tx:
        await unlocked(tx)
        for statement in statements:
            done = await tx.execute(sa.text(statement), {"chain": line.chain, "seq": line.seq, **values})
            assert done.rowcount
        found = await looked(tx)
    return found


def at(found: Found | None, line: Line) -> tuple[str, bool] | None:
    return found and (found.kind, (found.chain, found.seq) == (line.chain, line.seq))


HERE = "WHERE chain = :chain AND seq = :seq"


async def test_an_untouched_history_is_right(whole: Kept) -> None:
    assert await tampered(whole) is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("actor = 'nobody'", "changed"), ("action = 'case-rejected'", "changed"),
        ("""details = '{"pictures": 9}'""", "changed"), ("agency = 'south'", "changed"),
        ("prev_hash = repeat('1', 64)", "changed"), ("hash = repeat('1', 64)", "changed"),
        ("at = at + interval '1 microsecond'", "missing"), ("seq = 1000", "missing"),
        ("chain = gen_random_uuid()", "missing"),
    ],
)  # fmt: skip
async def test_a_changed_column(whole: Kept, change: str, kind: str) -> None:
    assert at(await tampered(whole, f"UPDATE audit SET {change} {HERE}"), whole.lines[BAD]) == (kind, True)


async def test_deleted_lines(whole: Kept) -> None:
    line = whole.lines[BAD]
    assert at(await tampered(whole, f"DELETE FROM audit {HERE}"), line) == ("missing", True)
    found = await tampered(whole, f"DELETE FROM audit {HERE}", f"DELETE FROM audit_leaves {HERE}")
    assert found
    assert (found.kind, found.leaf) == ("missing", BAD)
    shift = "UPDATE audit_leaves SET position = position - 1 + 1000000 WHERE position > :bad"
    back = "UPDATE audit_leaves SET position = position - 1000000 WHERE position >= 1000000"
    found = await tampered(whole, f"DELETE FROM audit {HERE}", f"DELETE FROM audit_leaves {HERE}", shift, back, bad=BAD)
    following = next(other for other in whole.lines[BAD + 1 :] if other.chain == line.chain)
    assert at(found, Line(**{**vars(following), "seq": line.seq})) == ("missing", True)


async def test_a_chain_that_was_cut_with_its_end_adjusted(whole: Kept) -> None:
    place = max(n for n, one in enumerate(whole.lines) if one.chain == whole.lines[BAD].chain)
    last = whole.lines[place]
    ends = "UPDATE chains SET length = length - 1, head = :head WHERE chain = :chain"
    gone = f"DELETE FROM audit {HERE}"
    found = await tampered(whole, gone, ends, seq=last.seq, head=last.prev_hash)
    assert at(found, last) == ("missing", True)
    found = await tampered(whole, "UPDATE chains SET length = length + 1 WHERE chain = :chain")
    assert found
    assert (found.kind, found.chain) == ("cut", last.chain)


async def test_lines_in_each_others_place(whole: Kept) -> None:
    found = await tampered(
        whole,
        "UPDATE audit a SET details = b.details, hash = b.hash, actor = b.actor FROM audit b WHERE a.chain = :chain "
        "AND a.seq = :seq AND b.chain = a.chain AND b.seq = a.seq + 1",
    )
    assert at(found, whole.lines[BAD]) == ("changed", True)
    swap = (
        "UPDATE audit_leaves SET position = CASE position WHEN :one THEN 900000 ELSE :one END "
        "WHERE position IN (:one, :two)"
    )
    rest = "UPDATE audit_leaves SET position = :two WHERE position = 900000"
    found = await tampered(whole, swap, rest, one=BAD, two=BAD + 1)
    assert found
    assert (found.kind, found.size) == ("head", 150)


async def test_inserted_lines(whole: Kept) -> None:
    copy = (
        "INSERT INTO audit SELECT chain, seq, at + interval '1 second', actor, action, details, prev_hash, hash, "
        "agency FROM audit "
    )
    found = await tampered(whole, copy + HERE)
    assert found
    assert (found.kind, found.chain) == ("extra", whole.lines[BAD].chain)


async def test_lines_of_a_chain_that_there_is_not_and_second_lines_of_one_number(whole: Kept) -> None:
    """Written without the trigger nothing waits for a place; with it, a second line must not stop the others."""
    alone = next_line(UUID(int=99), 0, GENESIS, at=whole.lines[3].at, actor="nobody", action=Action.OPENED, details={})
    again = next_line(CHAINS[0], 2, "1" * 64, at=whole.lines[-1].at, actor="nobody", action=Action.OPENED, details={})
    found: list[Found | None] = []
    for line, switch in ((alone, "SET LOCAL session_replication_role = replica"), (again, "SELECT 1")):
        async with rolled_back(whole.owner) as tx:
            await history.append(tx, CHAINS[1], "reviewer-1", Action.OPENED, {})
            await tx.execute(sa.text(switch))
            tx.add(AuditLine(**vars(line)))
            await tx.flush()
            assert await growing.number(tx) == 1
            found.append(await looked(tx))
    assert [one and (one.kind, one.chain) for one in found] == [("extra", line.chain) for line in (alone, again)]
    gone = await tampered(whole, "DELETE FROM chains WHERE chain = :chain")
    assert gone
    assert (gone.kind, gone.chain) == ("extra", whole.lines[BAD].chain)


async def test_heads_that_were_taken_away_after_they_were_checked(whole: Kept) -> None:
    found = None
    async with rolled_back(whole.owner) as tx:
        await checking.follow(tx, checking.NEW, 10_000)
        await unlocked(tx)
        await tx.execute(sa.text("DELETE FROM audit_heads WHERE size > 150"))
        await checking.follow(tx, checking.NEW, 10_000)
        found = (await checking.state(tx))[checking.NEW].broken
        await tx.execute(sa.text("DELETE FROM audit_leaves WHERE position >= 100"))
        tx.clock.advance(61)  # type: ignore[attr-defined]  # the ManualClock of `whole`
        assert await growing.sign_head(tx, LOG, KEY) is None  # it would be a second history
    assert found
    assert (found["kind"], found["leaf"]) == ("cut", 150)


async def test_a_truncated_table_and_a_replaced_partition(whole: Kept) -> None:
    first = whole.lines[0]
    assert at(await tampered(whole, "DELETE FROM audit_elsewhen"), first) == ("missing", True)
    found = None
    async with rolled_back(whole.owner) as tx:
        for statement in (
            "ALTER TABLE audit DETACH PARTITION audit_elsewhen",
            "CREATE TABLE another (LIKE audit_elsewhen INCLUDING ALL)",
            "INSERT INTO another SELECT * FROM audit_elsewhen",
            f"UPDATE another SET actor = 'nobody' WHERE chain = '{whole.lines[BAD].chain}' "
            f"AND seq = {whole.lines[BAD].seq}",
            "ALTER TABLE audit ATTACH PARTITION another DEFAULT",
        ):
            await tx.execute(sa.text(statement))
        found = await looked(tx)
    assert at(found, whole.lines[BAD]) == ("changed", True)


async def test_heads_and_nodes_that_were_changed(whole: Kept) -> None:
    for change, kind in (
        ("root = repeat('1', 64)", "signature"),
        ("signature = 'AAAA'", "signature"),
        ("key_id = 'x'", "unknown-key"),
    ):
        found = await tampered(whole, f"UPDATE audit_heads SET {change} WHERE size = 150")
        assert found
        assert (found.kind, found.size) == (kind, 150)
    earlier = "UPDATE audit_heads SET signed_at = signed_at - interval '1 day' WHERE size = 150"
    assert at(await tampered(whole, earlier), whole.lines[100]) == ("late", True)
    found = await tampered(whole, "UPDATE audit_leaves SET hash = sha256('x') " + HERE)
    assert at(found, whole.lines[BAD]) == ("changed", True)


async def test_everything_rewritten_with_the_key_is_found_by_a_kept_head_alone(whole: Kept, tmp_path: Path) -> None:
    """Lines, chains, leaves, nodes and heads agree: nothing here can tell. A subscriber of the heads can."""
    file, found = tmp_path / "history.jsonl", None
    async with rolled_back(whole.owner) as tx:
        await unlocked(tx)
        await rewrite(tx, whole)
        found = await looked(tx)
        file.write_bytes(b"".join([row async for row in exported(tx)]))
    assert found is None
    assert check_history(file).lines == len(whole.lines)
    with pytest.raises(Wrong) as wrong:
        check_history(file, [kept(tmp_path, whole.heads)])
    told = wrong.value
    first = whole.lines[100]  # of the round of the line that was rewritten
    assert (told.kind, told.facts["size"]) == ("history-kept-head", 150)
    assert (told.facts["chain"], told.facts["seq"]) == (str(first.chain), first.seq)


async def exported(tx: Transaction) -> AsyncIterator[bytes]:
    class Within:
        """The one transaction in the place of a database."""

        def transaction(self) -> Within:
            return self

        async def __aenter__(self) -> Transaction:
            return tx

        async def __aexit__(self, *_: object) -> None:
            pass

    async for row in exporting.rows(Within(), exporting.Asked(), "auditor-1", sees_all=True):  # type: ignore[arg-type]
        yield row


async def rewrite(tx: Transaction, whole: Kept) -> None:
    """The actor of one line is another, and all that follows from it."""
    await tx.execute(sa.text("DELETE FROM audit"))
    for table in ("audit_waiting", "audit_leaves", "audit_nodes", "audit_heads", "chains"):
        await tx.execute(sa.text(f"DELETE FROM {table}"))
    ends: dict[UUID, Line] = {}
    frontier, position, heads = Frontier(), 0, {head.size: head for head in whole.heads}
    for line in whole.lines:
        end = ends.get(line.chain)
        ends[line.chain] = forged = next_line(
            line.chain, end.seq if end else 0, end.hash if end else GENESIS, at=line.at, agency=line.agency,
            actor="nobody" if position == BAD else line.actor, action=Action(line.action), details=line.details,
        )  # fmt: skip
        hashed = leaf(bytes.fromhex(forged.hash))
        tx.add(AuditLine(**vars(forged)))
        tx.add(Leaf(position=position, chain=forged.chain, seq=forged.seq, at=forged.at, hash=hashed))
        frontier.add(hashed)
        position += 1
        if head := heads.get(position):
            tx.add(HeadRow(**vars(sign(LOG, position, frontier.root().hex(), head.signed_at, KEY))))
    for end in ends.values():
        tx.add(Chain(chain=end.chain, length=end.seq, head=end.hash))
    await tx.flush()
    await nodes.complete_tiles(tx, 0, position)
    assert await tx.get(Node, (8, 0))
