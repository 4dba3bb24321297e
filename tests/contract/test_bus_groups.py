"""A group shares its partitions, whoever comes and goes: no record is lost, and each key keeps its order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.bus.port import Broker, Record
from tests.support.ledger import Ledger
from tests.support.members import PARTITIONS, TOPIC, Members
from tests.support.poll import eventually

KEYS = [f"lantern-{number}" for number in range(24)]  # some for each of the six partitions
ROUND_SECONDS = 0.05


@asynccontextmanager
async def producing(broker: Broker, ledger: Ledger) -> AsyncIterator[None]:
    """One step of every key, again and again."""
    enough = asyncio.Event()

    async def produce() -> None:
        while not enough.is_set():
            await broker.produce([Record(TOPIC, key.encode(), str(ledger.next_step(key)).encode()) for key in KEYS])
            await asyncio.sleep(ROUND_SECONDS)

    running = asyncio.create_task(produce())
    try:
        yield
    finally:
        enough.set()
        await running


async def test_members_share_one_dies_one_joins(broker: Broker, members: Members, ledger: Ledger) -> None:
    def shared_by(*names: str) -> bool:
        return Counter(ledger.owners().values()) == dict.fromkeys(names, PARTITIONS // len(names))

    await broker.ensure_topics({TOPIC: PARTITIONS})
    async with producing(broker, ledger):
        for name in ("m1", "m2", "m3"):
            await members.start(name)
        await eventually(lambda: shared_by("m1", "m2", "m3"), 30)
        await members.kill("m2")
        await eventually(lambda: shared_by("m1", "m3"), 30)
        await members.start("m4")
        await eventually(lambda: shared_by("m1", "m3", "m4"), 30)
    await eventually(ledger.complete, 30)
    ledger.assert_order_kept()
