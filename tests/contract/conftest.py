"""Both brokers, held to one suite; Apache Kafka too, where KAFKA_BOOTSTRAP names one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from shared.bus.memory import MemoryBroker
from shared.bus.port import Broker
from tests.support.kafka_at import KafkaAt
from tests.support.ledger import Ledger
from tests.support.members import Members, Processes, Tasks
from tests.support.stack import LazyStack

APACHE = os.environ.get("KAFKA_BOOTSTRAP", "")
with_apache = (pytest.mark.real_kafka, pytest.mark.skipif(not APACHE, reason="KAFKA_BOOTSTRAP names no Apache Kafka"))


@pytest.fixture(params=["memory", "kafka", pytest.param("apache", marks=with_apache)])
async def kafka_at(request: pytest.FixtureRequest, stack: LazyStack, topic_prefix: str) -> KafkaAt | None:
    """Where Kafka is; nothing for the twin in memory."""
    match request.param:
        case "kafka":
            return KafkaAt((await stack.env("kafka"))["HAETAE_KAFKA_BOOTSTRAP"], topic_prefix, embedded=True)
        case "apache":
            return KafkaAt(APACHE, topic_prefix, embedded=False)
    return None


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
