"""Both brokers, held to one suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.bus.kafka import KafkaBroker
from shared.bus.memory import MemoryBroker
from shared.bus.port import Broker
from tests.support.ledger import Ledger
from tests.support.member_process import TEST_SESSION_SECONDS
from tests.support.members import Members, Processes, Tasks
from tests.support.stack import LazyStack


@pytest.fixture(params=["memory", "kafka"])
async def broker(request: pytest.FixtureRequest, stack: LazyStack, topic_prefix: str) -> AsyncIterator[Broker]:
    if request.param == "memory":
        yield MemoryBroker()
        return
    bootstrap = (await stack.env("kafka"))["HAETAE_KAFKA_BOOTSTRAP"]
    kafka = KafkaBroker(bootstrap, topic_prefix, idempotence=False, session_s=TEST_SESSION_SECONDS)
    yield kafka
    await kafka.close()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def members(broker: Broker, ledger: Ledger, stack: LazyStack, topic_prefix: str) -> AsyncIterator[Members]:
    made: Members
    if isinstance(broker, MemoryBroker):
        made = Tasks(broker, ledger)
    else:
        made = Processes((await stack.env("kafka"))["HAETAE_KAFKA_BOOTSTRAP"], topic_prefix, ledger)
    yield made
    await made.stop()
