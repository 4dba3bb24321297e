"""The broker is killed and comes back: running members and producers go on, and nothing acknowledged is lost.

Kafka keeps its records on the embedded S3 store here: in memory it forgets them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from shared.bus.memory import MemoryBroker
from shared.bus.port import Broker
from tests.contract.test_bus_commits import working
from tests.support.kafka_at import KafkaAt
from tests.support.ledger import Ledger
from tests.support.members import PARTITIONS, TOPIC, producing
from tests.support.poll import eventually

Restart = Callable[[], Awaitable[None]]


@pytest.fixture(params=["memory", "kafka"])
async def restartable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Broker, Restart]]:
    if request.param == "memory":
        memory = MemoryBroker()

        async def crash() -> None:
            with memory.crash():
                await asyncio.sleep(0.2)

        yield memory, crash
        return
    async with Stack(tmp_path, parts={"kafka"}, kafka_store="s3", scratch=True, environ={}) as stack:

        async def kill() -> None:
            await stack.supervisor.kill("kafka")
            await stack.ready("kafka")

        kafka = KafkaAt(stack.env["HAETAE_KAFKA_BOOTSTRAP"], "", embedded=True).broker()
        yield kafka, kill
        await kafka.close()


async def test_members_and_producers_live_through_a_broker_that_is_killed(
    restartable: tuple[Broker, Restart], ledger: Ledger
) -> None:
    broker, restart = restartable

    def goes_on() -> Callable[[], bool]:
        handled = len(ledger.handled)
        return lambda: len(ledger.handled) > handled + 50

    await broker.ensure_topics({TOPIC: PARTITIONS})
    async with producing(broker, ledger), working(broker, ledger, "m1", "m2"):
        await eventually(goes_on(), 30)
        await restart()
        await eventually(goes_on(), 40)
    async with working(broker, ledger, "m3"):
        await eventually(ledger.complete, 30)
    ledger.assert_order_kept()
