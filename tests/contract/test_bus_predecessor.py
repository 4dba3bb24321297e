"""A member that is killed says no good-bye: its successor under the same name does it for it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from shared.bus.kafka_predecessor import leave_for_predecessor, of_client
from tests.support.kafka_at import KafkaAt
from tests.support.stack import LazyStack

TOPIC, PARTITIONS = "content.found", 2
MEMBER = """
import asyncio, sys
import structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
from tests.contract.test_bus_predecessor import TOPIC, nothing
from tests.support.kafka_at import KafkaAt

async def main(bootstrap, prefix, embedded, name):
    broker = KafkaAt(bootstrap, prefix, embedded == "1").broker()
    print("joins", flush=True)
    async with broker.join("group", [TOPIC], instance=name, on_revoked=nothing) as member:
        while True:
            await member.poll(10, 0.2)
            print(len(member.assignment()), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def nothing(_: object) -> None:
    """Nothing is held."""


@pytest.fixture
async def at(stack: LazyStack, topic_prefix: str) -> KafkaAt:
    env = await stack.env("kafka")
    at = KafkaAt(env["HAETAE_KAFKA_BOOTSTRAP"], topic_prefix, embedded=env.get("HAETAE_KAFKA_IDEMPOTENCE") == "0")
    broker = at.broker()
    await broker.ensure_topics({TOPIC: PARTITIONS})
    await broker.close()
    return at


@asynccontextmanager
async def member(at: KafkaAt, name: str, joined: bool = True) -> AsyncIterator[None]:
    """A process in the group that has its partitions, or has just begun to join; killed at the end."""
    told = at.bootstrap, at.prefix, str(int(at.embedded)), name
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", MEMBER, *told, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout
        await process.stdout.readline()
        while joined and int(await process.stdout.readline()) == 0:
            pass
        yield
    finally:
        process.kill()
        await process.wait()


async def members(at: KafkaAt) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=at.bootstrap)
    await admin.start()
    (answer,) = await admin.describe_consumer_groups([f"{at.prefix}group"])
    await admin.close()
    return [one["member_id"] for one in answer.to_object()["groups"][0]["members"]]


async def test_a_successor_leaves_for_the_dead_of_its_own_name_and_for_nobody_else(at: KafkaAt) -> None:
    async with member(at, "crawler-1"):
        pass
    for client, left in (("crawler-10", 1), ("crawler", 1), ("crawler-1", 0)):
        told = {"bootstrap_servers": at.bootstrap, "client_id": client}
        await leave_for_predecessor(told, f"{at.prefix}group", embedded=at.embedded)
        assert len(await members(at)) == left
    async with member(at, "crawler-1"):
        assert len(await members(at)) == 1


async def test_who_is_killed_while_joining_does_not_keep_its_successor_out(at: KafkaAt) -> None:
    async with member(at, "crawler-0"):
        pass
    for _ in range(2):
        async with member(at, "crawler-0", joined=False):
            await asyncio.sleep(1)  # its request to join is there, the group not yet formed
    dead = await members(at)
    async with member(at, "crawler-0"):
        # Nobody waits for the session of the dead: on the embedded broker the successor goes on as the dead one, for
        # there a member that is made to leave while its group forms takes the group with it.
        assert len(await members(at)) == 1
        assert not at.embedded or await members(at) == dead


@pytest.mark.parametrize(
    ("client", "mine"),
    [("crawler-1", True), ("crawler", False), ("crawler-10", False), ("crawler-1-0", False), ("", False)],
)
def test_a_members_id_is_that_of_exactly_one_name(client: str, mine: bool) -> None:
    assert of_client(f"crawler-1-{uuid4()}", client) is mine
