"""The chain of custody on a real PostgreSQL: added to under a lock, told, and never changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from haetae_verify.chain import GENESIS, broken_at, line_hash
from services.evidence.custody import lines
from services.evidence.custody.handlers import handled
from services.gateway.evidence.lines import note
from services.gateway.evidence.lines import read as told_here
from shared.database import Database
from shared.events import Artifact, CustodyAction, CustodyNoted, Envelope, EvidenceHandled
from shared.events.envelope import decode
from shared.events.examples import EXAMPLES
from shared.failures import Rejected
from shared.identity import case_id
from tests.support.stack import Migrated

CASE = case_id("http://harbour-board.en.test/post/41")
AT = datetime(2026, 11, 22, 9, 0, 1, 123_987, tzinfo=UTC)
FILES = (Artifact(name="text.txt", sha256="b" * 64), Artifact(name="page.html", sha256="a" * 64))


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("evidence"), "/haetae/evidence")
    yield database
    await database.close()


async def add(database: Database, action: CustodyAction, case: UUID = CASE, **details: object) -> CustodyNoted:
    async with database.transaction() as tx:
        return await lines.append(tx, case, lines.SELF, action, FILES, details, AT)


async def state(database: Database, case: UUID = CASE) -> tuple[list[dict[str, object]], int | None]:
    async with database.transaction() as tx:
        return await lines.read(tx, case), await lines.check(tx, case)


async def test_a_line_is_chained_told_and_read_back_as_it_was_hashed(database: Database) -> None:
    await add(database, CustodyAction.COLLECTED)
    noted = await add(
        database, CustodyAction.SEALED, mode="full", parts=2, note="한국어 “…”", nested={"a": [None, True]}
    )
    kept, broken = await state(database)
    assert ([line["seq"] for line in kept], broken) == ([1, 2], None)
    assert kept[0]["prev_hash"] == GENESIS
    assert (kept[1]["prev_hash"], kept[1]["at"]) == (kept[0]["hash"], "2026-11-22T09:00:01.123Z")
    assert [item["name"] for item in kept[1]["artifacts"]] == ["page.html", "text.txt"]  # type: ignore[attr-defined]
    told = noted.model_dump(mode="json")
    assert line_hash({**told, "at": kept[1]["at"]}) == noted.hash == kept[1]["hash"]
    async with database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT event_id FROM outbox WHERE topic = 'evidence.custody'"))
    assert len(rows.all()) == 2


async def test_two_lines_of_one_transaction_follow_one_another(database: Database) -> None:
    async with database.transaction() as tx:
        first = await lines.append(tx, CASE, "kim", CustodyAction.COLLECTED, FILES, {}, AT)
        second = await lines.append(tx, CASE, "kim", CustodyAction.SEALED, (), {}, AT)
    assert (second.seq, second.prev_hash) == (2, first.hash)
    assert (await state(database))[1] is None


async def test_many_at_once_make_one_chain_without_gaps(database: Database) -> None:
    await asyncio.gather(*(add(database, CustodyAction.VIEWED, n=n) for n in range(12)))
    kept, broken = await state(database)
    assert ([line["seq"] for line in kept], broken) == (list(range(1, 13)), None)


async def test_the_service_can_neither_change_nor_remove_a_line(database: Database) -> None:
    await add(database, CustodyAction.COLLECTED)
    for statement in ("UPDATE custody SET actor = 'nobody'", "DELETE FROM custody", "TRUNCATE custody"):
        with pytest.raises(DBAPIError):
            async with database.transaction() as tx:
                await tx.execute(sa.text(statement))
    assert len((await state(database))[0]) == 1


@pytest.mark.parametrize(
    ("tampering", "where"),
    [
        ("UPDATE evidence.custody SET actor = 'nobody' WHERE seq = 2", 2),
        ("UPDATE evidence.custody SET details = '{\"n\": 9}' WHERE seq = 3", 3),
        ("DELETE FROM evidence.custody WHERE seq = 1", 1),
        ("DELETE FROM evidence.custody WHERE seq = 3", 3),
    ],
)
async def test_what_the_owner_of_the_database_changes_is_found(
    database: Database, migrated: Migrated, tampering: str, where: int
) -> None:
    for n in range(3):
        await add(database, CustodyAction.VIEWED, n=n)
    owner = Database(migrated.owner_url, "/haetae/evidence")
    async with owner.transaction() as tx:
        await tx.execute(sa.text("ALTER TABLE evidence.custody DISABLE TRIGGER append_only"))
        await tx.execute(sa.text(tampering))
    await owner.close()
    kept, broken = await state(database)
    assert broken == where
    assert broken_at(kept) == (None if len(kept) == where - 1 else where)


async def test_the_gateway_finds_the_chain_whole_that_was_told(database: Database, migrated: Migrated) -> None:
    said = {"why": "참고 2026-11", "until": None, "objects": 7, "tried": [1, {"b": True}]}
    noted = [await add(database, CustodyAction.COLLECTED), await add(database, CustodyAction.HELD, **said)]
    gateway = Database(migrated.dsn_for("gateway"), "/haetae/gateway")
    async with gateway.transaction() as tx:
        for event in noted:
            sent = Envelope(event, uuid4(), "/haetae/evidence", AT)
            await note(decode(sent.value, sent.headers).event, tx)  # type: ignore[arg-type]
    async with gateway.transaction() as tx:
        shown = await told_here(tx, CASE)
    await gateway.close()
    assert shown == (await state(database))[0]
    assert broken_at(shown) is None


async def test_two_cases_have_chains_of_their_own(database: Database) -> None:
    other = case_id("http://harbour-board.en.test/post/42")
    await add(database, CustodyAction.COLLECTED)
    assert (await add(database, CustodyAction.COLLECTED, other)).seq == 1
    assert (await state(database, other))[1] is None


async def tell(database: Database, **more: object) -> None:
    event = EXAMPLES[EvidenceHandled].model_copy(update={"case_id": CASE, **more})
    async with database.transaction(Envelope(event, uuid4(), "/haetae/gateway", AT)) as tx:
        await handled(event, tx)  # type: ignore[arg-type]


async def test_what_an_official_looked_at_becomes_a_line(database: Database) -> None:
    await add(database, CustodyAction.COLLECTED)
    await tell(database)
    line = (await state(database))[0][-1]
    assert (line["actor"], line["action"]) == ("reviewer-7", "viewed")
    assert line["details"] == {"why": "confirm-match", "blurred": False}
    assert line["at"] == "2026-11-22T09:00:30.000Z"


async def test_nobody_else_tells_of_what_the_service_does_itself(database: Database) -> None:
    with pytest.raises(Rejected, match="destroyed"):
        await tell(database, action=CustodyAction.DESTROYED)
    assert (await state(database))[0] == []
