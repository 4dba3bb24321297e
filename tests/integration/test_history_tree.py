"""The audit history in its partitions and its tree, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from deploy.local.authorities.faults import Fault
from haetae_verify.heads import problem
from haetae_verify.history import check_history
from haetae_verify.tree import continues, includes, leaf
from haetae_verify.wrong import Wrong
from services.gateway import history
from services.gateway.agencies.scoping import AGENCY
from services.gateway.audit import ACCESS_CHAIN, Action, of_agency, written
from services.gateway.tree import checking, exporting, growing, keys, proving, searching, stamping
from services.gateway.tree.searching import Wanted
from services.gateway.tree.store import HeadRow
from shared.clock import ManualClock
from shared.database import Database
from shared.stamps import authorities
from shared.stamps.stamping import Stamping
from tests.support.gateway import Desk, make_desk
from tests.support.histories import KEY, LOG, OTHER_KEY, kept, on_record
from tests.support.stack import Migrated
from tests.support.stamps import stampers

PARTITIONS = sa.text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit'::regclass")
PLACE = sa.text("SELECT tableoid::regclass::text FROM audit WHERE chain = :chain")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Desk]:
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path, clock)
    yield desk
    await desk.database.close()


@pytest.fixture
async def owner(migrated: Migrated) -> AsyncIterator[Database]:
    owner = Database(migrated.owner_url, "/haetae/test", schema="gateway")
    yield owner
    await owner.close()


async def add(database: Database, chain: UUID, count: int = 1) -> None:
    async with database.transaction() as tx:
        for number in range(count):
            await history.append(tx, chain, "official-1", Action.OPENED, {"pictures": number})


async def grow(desk: Desk, clock: ManualClock) -> int:
    """Everything gets its place, and a head is signed; the tree's size."""
    clock.advance(61)
    async with desk.database.transaction() as tx:
        await on_record(tx)
        await growing.number(tx)
    async with desk.database.transaction() as tx:
        head = await growing.sign_head(tx, LOG, KEY)
    assert head
    return head.size


async def test_every_line_gets_its_place_once_also_one_whose_transaction_ends_late(
    desk: Desk, clock: ManualClock
) -> None:
    early, late = uuid4(), uuid4()
    async with desk.database.transaction() as slow:
        await history.append(slow, late, "official-1", Action.OPENED, {})
        await slow.flush()
        await add(desk.database, early, 300)
        assert await grow(desk, clock) == 300
    assert await grow(desk, clock) == 301
    async with desk.database.transaction() as tx:
        proof = await proving.included(tx, late, 1)
        assert proof.leaf == 300
        assert await growing.waiting(tx) == 0
        assert await growing.number(tx) == 0


async def test_proofs_hold_for_programs_that_have_the_heads_alone(desk: Desk, clock: ManualClock) -> None:
    chain = uuid4()
    sizes = []
    for count in (3, 254, 260):
        await add(desk.database, chain, count)
        sizes.append(await grow(desk, clock))
    assert sizes == [3, 257, 517]
    async with desk.database.transaction() as tx:
        public = await checking.keys(tx)
        for seq in (1, 3, 256, 257, 258, 517):
            proof = await proving.included(tx, chain, seq)
            hashed = leaf(bytes.fromhex(proof.line.hash))
            assert includes(hashed, proof.leaf, proof.head.size, proof.path, bytes.fromhex(proof.head.root))
        for former in sizes:
            grown = await proving.consistent(tx, former, None)
            roots = (bytes.fromhex(grown.former.root), bytes.fromhex(grown.head.root))
            assert continues(former, roots[0], 517, roots[1], grown.path)
            assert problem(grown.former.head, public) is None
        rows = await tx.execute(sa.text("SELECT topic FROM outbox ORDER BY position"))
        assert [row.topic for row in rows] == ["audit.heads"] * 3


async def test_processes_that_number_at_once_number_once(desk: Desk, clock: ManualClock) -> None:
    await asyncio.gather(*(add(desk.database, uuid4(), 20) for _ in range(5)))

    async def number() -> int:
        async with desk.database.transaction() as tx:
            return await growing.number(tx, 30)

    for _ in range(4):
        await asyncio.gather(number(), number(), number())
    assert await grow(desk, clock) == 100


async def test_a_clock_that_went_back_signs_nothing(desk: Desk, clock: ManualClock) -> None:
    await add(desk.database, uuid4())
    await grow(desk, clock)
    await add(desk.database, uuid4())
    clock.advance(-3600)
    async with desk.database.transaction() as tx:
        await growing.number(tx)
    with pytest.raises(growing.ClockBack):
        async with desk.database.transaction() as tx:
            await growing.sign_head(tx, LOG, KEY)


async def test_a_key_that_was_given_up_does_not_come_back(desk: Desk, clock: ManualClock) -> None:
    async with desk.database.transaction() as tx:
        await keys.take_over(tx, KEY)
    async with desk.database.transaction() as tx:
        await keys.take_over(tx, OTHER_KEY)
        assert sorted(key.until is None for key in await keys.listed(tx)) == [False, True]
        lines = (await searching.page(tx, Wanted(action="history-key-changed"))).lines
        assert len(lines) == 2
    with pytest.raises(ValueError, match="HAETAE_HISTORY_KEY"):
        async with desk.database.transaction() as tx:
            await keys.take_over(tx, KEY)
    clock.advance(61)
    async with desk.database.transaction() as tx:
        await growing.number(tx)
        with pytest.raises(growing.GivenUp):  # by a process that was not started anew yet
            await growing.sign_head(tx, LOG, KEY)


async def test_partitions_are_as_closed_as_the_whole(desk: Desk, owner: Database) -> None:
    await add(desk.database, uuid4())
    async with desk.database.transaction() as tx:
        parts = (await tx.execute(PARTITIONS)).scalars().all()
    names = {name.removeprefix("gateway.") for name in parts}
    assert {"audit_elsewhen"} < names
    assert len(names) == 5
    for name in names:
        for statement in ("SELECT * FROM {}", "INSERT INTO {} SELECT * FROM audit", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with desk.database.transaction() as tx:
                    await tx.execute(sa.text(statement.format(name)))
        for statement in ("UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with owner.transaction() as tx:
                    await tx.execute(sa.text(statement.format(name)))
    for statement in (
        "INSERT INTO audit_waiting (chain, seq, at, hash) SELECT chain, seq, at, hash FROM audit_waiting",
        "DELETE FROM audit_leaves", "UPDATE audit_nodes SET hash = ''", "UPDATE audit_heads SET root = ''",
        "DELETE FROM audit_heads", "UPDATE audit_keys SET public_key = ''", "SELECT audit_month(now())",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="permission denied"):
            async with desk.database.transaction() as tx:
                await tx.execute(sa.text(statement))


async def test_months_ahead_have_their_partition_and_lines_of_none_are_kept(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT audit_partitions()"))).scalars().all() == []
    await add(desk.database, chain := uuid4())  # in a January long ago
    async with desk.database.transaction() as tx:
        where = await tx.execute(PLACE, {"chain": chain})
        assert where.scalars().all() == ["audit_elsewhen"]


async def test_an_agency_sees_its_own_lines_and_has_its_own_chains(desk: Desk, clock: ManualClock) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute(sa.text("SELECT 1"))
    north, south = (desk.database.scoped({AGENCY: name}) for name in ("north", "south"))
    for database, count in ((north, 2), (south, 3)):
        await add(database, ACCESS_CHAIN, count)
    async with north.transaction() as tx:
        lines = (await searching.page(tx, Wanted())).lines
    assert [(line.agency, line.chain) for line in lines] == [("north", of_agency(ACCESS_CHAIN, "north"))] * 2
    assert b'"agency":"north"' in written(lines[0])
    async with desk.database.scoped({AGENCY: ""}).transaction() as tx:
        assert (await searching.page(tx, Wanted())).lines == []
    async with desk.database.transaction() as tx:
        assert len((await searching.page(tx, Wanted())).lines) == 5
        assert (await history.read(tx, of_agency(ACCESS_CHAIN, "south")))[1] is None


async def test_pages_of_a_search_are_all_lines_once(desk: Desk, clock: ManualClock) -> None:
    one, other = uuid4(), uuid4()
    for number in range(12):
        await add(desk.database, one if number % 3 else other, 2)
        clock.advance(number % 2)
    found, after = [], None
    async with desk.database.transaction() as tx:
        while True:
            page = await searching.page(tx, Wanted(limit=5, after=after))
            found += page.lines
            after = page.next
            if after is None:
                break
        assert len({(line.chain, line.seq) for line in found}) == len(found) == 24
        assert [line.at for line in found] == sorted((line.at for line in found), reverse=True)
        of_one = await searching.page(tx, Wanted(chain=one, actor="official-1", action="case-opened"))
        assert len(of_one.lines) == 16
        assert (await searching.page(tx, Wanted(actor="nobody"))).lines == []


async def test_the_background_check_follows_and_goes_round(desk: Desk, clock: ManualClock) -> None:
    chain = uuid4()
    await add(desk.database, chain, 30)
    await grow(desk, clock)
    await add(desk.database, chain, 30)
    await grow(desk, clock)

    async def run(name: str) -> bool:
        async with desk.database.transaction() as tx:
            return await (checking.ends(tx) if name == "ends" else checking.follow(tx, name, 25))

    assert [await run("new") for _ in range(4)] == [True, True, True, False]
    assert [await run("ends") for _ in range(2)] == [True, False]
    assert [await run("whole") for _ in range(4)] == [True, True, True, False]
    async with desk.database.transaction() as tx:
        state = await checking.state(tx)
        assert {(check.name, check.size, check.broken, check.early) for check in state.values()} == {
            ("new", 60, None, None), ("whole", 60, None, None), ("ends", 0, None, None),
        }  # fmt: skip
        assert all(check.ended_at for check in state.values())
    clock.advance(24 * 3600 + 1)
    assert await run("whole")
    async with desk.database.transaction() as tx:
        again = (await checking.state(tx))["whole"]
        assert (again.size, again.began_at) == (0, clock.now())
        assert await tx.get(HeadRow, 60)


async def test_heads_are_stamped_and_told_of_once_more(desk: Desk, clock: ManualClock, tmp_path: Path) -> None:
    async with (
        stampers(tmp_path, clock) as authorities_of_test,
        Stamping(authorities.read(authorities_of_test.file), 5.0, clock) as asked,
    ):
        await add(desk.database, uuid4())
        await grow(desk, clock)
        authorities_of_test["local-a"].fault = Fault.DOWN
        assert await stamping.stamp_newest(desk.database, asked)
        await add(desk.database, uuid4())
        await grow(desk, clock)
        assert not await stamping.stamp_newest(desk.database, asked)  # one an hour
        clock.advance(3600)
        assert await stamping.stamp_newest(desk.database, asked)
        async with desk.database.transaction() as tx:
            rows = await tx.scalars(sa.select(HeadRow).order_by(HeadRow.size))
            assert [row.stamped_by is not None for row in rows] == [True, True]
            assert await stamping.overdue_s(tx) == 0
            topics = (await tx.execute(sa.text("SELECT topic FROM outbox"))).scalars().all()
        assert topics == ["audit.heads"] * 4
        file = tmp_path / "history.jsonl"
        rows_of = exporting.rows(desk.database, exporting.Asked(), "auditor-1", sees_all=True)
        file.write_bytes(b"".join([row async for row in rows_of]))
        roots = [authorities_of_test.root(name) for name in ("local-a", "local-b")]
        proof = check_history(file, authorities=roots)
        assert proof.stamped_until
        assert proof.stamped_until[0] == proof.size == 2
        other = tmp_path / "other"
        other.mkdir()
        async with stampers(other, clock) as strangers:
            with pytest.raises(Wrong, match="root that is trusted"):
                check_history(file, authorities=[strangers.root("local-a")])


async def test_a_part_of_the_history_is_exported_with_what_proves_it(
    desk: Desk, clock: ManualClock, tmp_path: Path
) -> None:
    one, other = uuid4(), uuid4()
    sizes = []
    for _ in range(3):
        await add(desk.database, other, 9)
        for _ in range(40):
            await add(desk.database, one)
            await add(desk.database, other, 3)
        await add(desk.database, other, 5)  # what is left out goes over the second head without an end there
        sizes.append(await grow(desk, clock))
    async with desk.database.transaction() as tx:
        heads = [row.head for row in await tx.scalars(sa.select(HeadRow).order_by(HeadRow.size))]
    asked = exporting.Asked(chains=[one], heads=sizes[:1])
    file = tmp_path / "part.jsonl"
    file.write_bytes(b"".join([row async for row in exporting.rows(desk.database, asked, "auditor-1", sees_all=True)]))
    proof = check_history(file, [kept(tmp_path, heads)])
    assert (proof.lines, proof.chains, proof.size, proof.complete) == (120, 1, 522, False)
    assert proof.kept == 2  # the one that was asked for and the newest
    assert proof.beyond == 1
