"""A group shares its partitions, whoever comes and goes: no record is lost, and each key keeps its order."""

from __future__ import annotations

from collections import Counter

from shared.bus.port import Broker
from tests.support.ledger import Ledger
from tests.support.members import PARTITIONS, TOPIC, Members, producing
from tests.support.poll import eventually


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
