"""Dead letters on a real broker: poison is put aside, its cause mended, and it is handled once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from shared.bus.dead_letters import dead_letter
from shared.bus.kafka import KafkaBroker
from shared.bus.port import Partition, Received, Record
from shared.database import Database, Transaction
from shared.events import CaseChanged, NoticeBounced
from shared.events.examples import EXAMPLES
from shared.failures import Rejected
from shared.handling import Service
from shared.inbox import INBOX
from tests.support.commands import Haetae
from tests.support.poll import eventually
from tests.support.service import record, running
from tests.support.stack import LazyStack, Migrated

POISON = EXAMPLES[NoticeBounced]
TOPIC = NoticeBounced.topic.name


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("gateway"), "/haetae/gateway")
    yield database
    await database.close()


@pytest.fixture
async def broker(stack: LazyStack, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KafkaBroker]:
    env = await stack.env("kafka")
    for name, value in {**env, "HAETAE_TOPIC_PREFIX": topic_prefix}.items():
        if name.startswith(("HAETAE_KAFKA_", "HAETAE_TOPIC_")):
            monkeypatch.setenv(name, value)
    idempotence = env.get("HAETAE_KAFKA_IDEMPOTENCE", "1") == "1"
    broker = KafkaBroker(env["HAETAE_KAFKA_BOOTSTRAP"], topic_prefix, idempotence=idempotence)
    yield broker
    await broker.close()


class Handler:
    """Cannot handle anything until it is mended."""

    def __init__(self) -> None:
        self.mended, self.tried, self.handled = False, 0, 0

    async def __call__(self, event: NoticeBounced, tx: Transaction) -> None:
        self.tried += 1
        if not self.mended:
            raise Rejected(f"no such notice: {event.reason}")
        self.handled += 1


async def test_poison_is_put_aside_and_after_mending_handled_once(
    broker: KafkaBroker, database: Database, haetae: Haetae, migrated: Migrated
) -> None:
    async def run(*arguments: str) -> tuple[int, str]:
        return await asyncio.to_thread(haetae, "dead-letters", *arguments)

    handler = Handler()
    assert await run("list") == (0, "letter parked by type attempts why ended 0 letters")
    async with running(Service(name="gateway", handles={NoticeBounced: handler}), broker, database):
        await broker.produce([record(POISON)])
        await eventually(lambda: handler.tried)
        await eventually(lambda: _waits(run, f"{TOPIC}/0"))

        status, said = await run("show", f"{TOPIC}/0")
        assert (status, '"service": "gateway"' in said, POISON.reason in said.partition('"event"')[2]) == (
            0,
            True,
            False,
        )
        status, said = await run("show", f"{TOPIC}/0", "--values")
        assert (status, POISON.reason in said.partition('"event"')[2]) == (0, True)

        status, said = await run("replay")
        assert (status, "say --all" in said) == (1, True)
        status, said = await run("replay", "--service", "drafter", "--do")
        assert (status, "0 letters would be put back" in said) == (0, True)
        status, said = await run("replay", "--service", "gateway", "--reason", "no such notice")
        assert (status, "1 letters would be put back; say --do" in said) == (0, True)
        assert handler.tried == 1

        handler.mended = True
        status, said = await run("replay", "--type", NoticeBounced.type, "--do", "--by", "Ms Han")
        assert (status, "1 letters of 1 keys put back" in said) == (0, True), said
        await eventually(lambda: handler.handled)
        assert await _handled(database) == 1

        status, said = await run("replay", f"{TOPIC}/0", "--do")
        assert (status, f"no letter that waits is called {TOPIC}/0" in said) == (1, True)
        # Put back twice, as after a crash between the two writes: its id is known.
        await broker.produce([record(POISON)])
        await broker.produce([record(POISON, "another")])
        await eventually(lambda: handler.handled == 2)
        assert await _handled(database) == 2
    assert (await run("list"))[1].endswith("0 letters")
    assert "replayed" in (await run("list", "--ended"))[1]
    commands = sa.text("SELECT details->>'command', details->>'by' FROM gateway.audit WHERE action = 'command-given'")
    owner = Database(migrated.owner_url, "/haetae/gateway", schema="gateway")
    async with owner.transaction() as tx:
        told = [tuple(row) for row in await tx.execute(commands)]
    await owner.close()
    assert ("dead-letters replay", "Ms Han") in told
    assert [command for command, _ in told] == ["dead-letters show", "dead-letters replay"]


def told_in(said: str) -> bool:
    """Whether the event's words are shown, beside those that its error quotes."""
    assert isinstance(POISON, NoticeBounced)
    return POISON.reason in said.partition('"event"')[2]


async def _waits(run, name: str) -> bool:  # type: ignore[no-untyped-def]  # the test's own
    return name in (await run("list"))[1]


async def _handled(database: Database) -> int:
    async with database.transaction() as tx:
        return int(await tx.scalar(sa.select(sa.func.count()).select_from(INBOX)) or 0)


def heard_by_agencies() -> Record:
    """A letter of a public topic."""
    told = record(EXAMPLES[CaseChanged])
    came = Received(told.topic, told.key, told.value, told.headers, partition=Partition(told.topic, 0), offset=0)
    return dead_letter(came, Rejected("not understood"), 1, "gateway", datetime(2026, 11, 23, tzinfo=UTC))


async def test_a_letter_is_given_up_and_a_broker_that_cannot_erase_says_so(
    broker: KafkaBroker, database: Database, haetae: Haetae
) -> None:
    handler = Handler()
    async with running(Service(name="gateway", handles={NoticeBounced: handler}), broker, database):
        await broker.produce([record(POISON)])
        await eventually(lambda: handler.tried)
    status, said = await asyncio.to_thread(haetae, "dead-letters", "list", "--topic", "notice.sen")
    assert (status, "there is no topic notice.sen: is it notice.sent?" in said) == (1, True), said
    await broker.produce([heard_by_agencies()])
    status, said = await asyncio.to_thread(haetae, "dead-letters", "replay", "--topic", "case.events", "--do")
    assert (status, "agencies read that topic" in said, "discard" in said) == (1, True, True), said
    assert await asyncio.to_thread(haetae, "dead-letters", "discard", "--topic", "case.events", "--do") == (
        0,
        "1 letters given up",
    )
    status, said = await asyncio.to_thread(haetae, "dead-letters", "discard", "--all", "--do")
    assert (status, said) == (0, "1 letters given up")
    status, said = await asyncio.to_thread(haetae, "dead-letters", "erase", "--do")
    if status:  # the embedded broker; Apache Kafka removes it
        assert "did not do it" in said
    else:
        assert "1 letters removed" in said
