"""Both brokers, held to one suite: the embedded one, or the one that KAFKA_BOOTSTRAP names, and the twin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.bus.memory import MemoryBroker
from shared.bus.port import Broker
from tests.support.kafka_at import KafkaAt
from tests.support.ledger import Ledger
from tests.support.members import Members, Processes, Tasks
from tests.support.stack import LazyStack


@pytest.fixture(params=["memory", "kafka"])
async def kafka_at(request: pytest.FixtureRequest, stack: LazyStack, topic_prefix: str) -> KafkaAt | None:
    """Where Kafka is; nothing for the twin in memory."""
    if request.param == "memory":
        return None
    env = await stack.env("kafka")
    embedded = env.get("HAETAE_KAFKA_IDEMPOTENCE") == "0"
    return KafkaAt(env["HAETAE_KAFKA_BOOTSTRAP"], topic_prefix, embedded=embedded)


@pytest.fixture
async def broker(kafka_at: KafkaAt | None) -> AsyncIterator[Broker]:
    broker = kafka_at.broker() if kafka_at else MemoryBroker()
    yield broker
    await broker.close()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def members(kafka_at: KafkaAt | None, broker: Broker, ledger: Ledger) -> AsyncIterator[Members]:
    made: Members
    if isinstance(broker, MemoryBroker):
        made = Tasks(broker, ledger)
    else:
        assert kafka_at
        made = Processes(kafka_at, ledger)
    yield made
    await made.stop()
