"""The chain of custody on a real PostgreSQL: added to under a lock, told, and never changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from haetae_verify.chain import GENESIS, broken_at, line_hash
from services.evidence.custody import lines
from services.evidence.custody.handlers import handled
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.evidence.lines import note
from services.gateway.evidence.lines import read as told_here
from shared.database import Database
from shared.events import Artifact, CustodyAction, CustodyNoted, Envelope, EvidenceHandled
from shared.events.envelope import decode
from shared.events.examples import EXAMPLES
from shared.failures import Rejected
from shared.identity import case_id
from tests.support.stack import Migrated

AT = datetime(2026, 11, 22, 9, 0, 1, 123_987, tzinfo=UTC)
FILES = (Artifact(name="text.txt", sha256="b" * 64), Artifact(name="page.html", sha256="a" * 64))


@dataclass
class Chain:
    """The custody of a case."""

    database: Database
    case: UUID

    async def add(self, action: CustodyAction, **details: object) -> CustodyNoted:
        async with self.database.transaction() as tx:
            return await lines.append(tx, self.case, lines.SELF, action, FILES, details, AT)

    async def tell(self, **more: object) -> None:
        event = EXAMPLES[EvidenceHandled].model_copy(update={"case_id": self.case, **more})
        async with self.database.transaction(Envelope(event, uuid4(), "/haetae/gateway", AT)) as tx:
            await handled(event, tx)  # type: ignore[arg-type]  # the examples are of all events

    async def state(self) -> tuple[list[dict[str, Any]], int | None]:
        async with self.database.transaction() as tx:
            return await lines.read(tx, self.case), await lines.check(tx, self.case)


@pytest.fixture(scope="module")
async def database(migrated_once: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated_once.dsn_for("evidence"), "/haetae/evidence")
    yield database
    await database.close()


@pytest.fixture
def chain(database: Database, request: pytest.FixtureRequest) -> Chain:
    return Chain(database, case_id(f"http://harbour-board.en.test/post/{request.node.name}"))


async def test_a_line_is_chained_told_and_read_back_as_it_was_hashed(chain: Chain) -> None:
    await chain.add(CustodyAction.COLLECTED)
    noted = await chain.add(CustodyAction.SEALED, mode="full", parts=2, note="한국어 “…”", nested={"a": [None, True]})
    kept, broken = await chain.state()
    assert ([line["seq"] for line in kept], broken) == ([1, 2], None)
    assert kept[0]["prev_hash"] == GENESIS
    assert (kept[1]["prev_hash"], kept[1]["at"]) == (kept[0]["hash"], "2026-11-22T09:00:01.123Z")
    assert [item["name"] for item in kept[1]["artifacts"]] == ["page.html", "text.txt"]
    told = noted.model_dump(mode="json")
    assert line_hash({**told, "at": kept[1]["at"]}) == noted.hash == kept[1]["hash"]
    async with chain.database.transaction() as tx:
        told_of = "SELECT event_id FROM outbox WHERE topic = 'evidence.custody' AND key = :key"
        rows = await tx.execute(sa.text(told_of), {"key": str(chain.case).encode()})
    assert len(rows.all()) == 2


async def test_two_lines_of_one_transaction_follow_one_another(chain: Chain) -> None:
    async with chain.database.transaction() as tx:
        first = await lines.append(tx, chain.case, "kim", CustodyAction.COLLECTED, FILES, {}, AT)
        second = await lines.append(tx, chain.case, "kim", CustodyAction.SEALED, (), {}, AT)
    assert (second.seq, second.prev_hash) == (2, first.hash)
    assert (await chain.state())[1] is None


async def test_many_at_once_make_one_chain_without_gaps(chain: Chain) -> None:
    await asyncio.gather(*(chain.add(CustodyAction.VIEWED, n=n) for n in range(12)))
    kept, broken = await chain.state()
    assert ([line["seq"] for line in kept], broken) == (list(range(1, 13)), None)


async def test_the_service_can_neither_change_nor_remove_a_line(chain: Chain) -> None:
    await chain.add(CustodyAction.COLLECTED)
    for statement in ("UPDATE custody SET actor = 'nobody'", "DELETE FROM custody", "TRUNCATE custody"):
        with pytest.raises(DBAPIError):
            async with chain.database.transaction() as tx:
                await tx.execute(sa.text(statement))
    assert len((await chain.state())[0]) == 1


@pytest.mark.parametrize(
    ("tampering", "where"),
    [
        ("UPDATE evidence.custody SET actor = 'nobody' WHERE seq = 2 AND case_id = :case", 2),
        ("UPDATE evidence.custody SET details = '{\"n\": 9}' WHERE seq = 3 AND case_id = :case", 3),
        ("DELETE FROM evidence.custody WHERE seq = 1 AND case_id = :case", 1),
        ("DELETE FROM evidence.custody WHERE seq = 3 AND case_id = :case", 3),
    ],
)
async def test_what_the_owner_of_the_database_changes_is_found(
    chain: Chain, migrated_once: Migrated, tampering: str, where: int
) -> None:
    for n in range(3):
        await chain.add(CustodyAction.VIEWED, n=n)
    owner = Database(migrated_once.owner_url, "/haetae/evidence")
    async with owner.transaction() as tx:
        await tx.execute(sa.text("ALTER TABLE evidence.custody DISABLE TRIGGER append_only"))
        await tx.execute(sa.text(tampering), {"case": chain.case})
        await tx.execute(sa.text("ALTER TABLE evidence.custody ENABLE TRIGGER append_only"))
    await owner.close()
    kept, broken = await chain.state()
    assert broken == where
    assert broken_at(kept) == (None if len(kept) == where - 1 else where)


async def test_the_gateway_finds_the_chain_whole_that_was_told(chain: Chain, migrated_once: Migrated) -> None:
    said = {"why": "참고 2026-11", "until": None, "objects": 7, "tried": [1, {"b": True}]}
    noted = [await chain.add(CustodyAction.COLLECTED), await chain.add(CustodyAction.HELD, **said)]
    gateway = Database(migrated_once.dsn_for("gateway"), "/haetae/gateway").scoped(EVERYTHING)
    async with gateway.transaction() as tx:
        for event in noted:
            sent = Envelope(event, uuid4(), "/haetae/evidence", AT)
            await note(decode(sent.value, sent.headers).event, tx)  # type: ignore[arg-type]  # of all events
    async with gateway.transaction() as tx:
        shown = await told_here(tx, chain.case)
    await gateway.close()
    assert shown == (await chain.state())[0]
    assert broken_at(shown) is None


async def test_two_cases_have_chains_of_their_own(chain: Chain) -> None:
    other = Chain(chain.database, uuid4())
    await chain.add(CustodyAction.COLLECTED)
    assert (await other.add(CustodyAction.COLLECTED)).seq == 1
    assert (await other.state())[1] is None


async def test_what_an_official_looked_at_becomes_a_line(chain: Chain) -> None:
    await chain.add(CustodyAction.COLLECTED)
    await chain.tell()
    line = (await chain.state())[0][-1]
    assert (line["actor"], line["action"]) == ("reviewer-7", "viewed")
    assert line["details"] == {"why": "confirm-match", "blurred": False}
    assert line["at"] == "2026-11-22T09:00:30.000Z"


async def test_nobody_else_tells_of_what_the_service_does_itself(chain: Chain) -> None:
    with pytest.raises(Rejected, match="destroyed"):
        await chain.tell(action=CustodyAction.DESTROYED)
    assert (await chain.state())[0] == []
