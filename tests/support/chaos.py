"""What goes wrong around a run of the whole loop, and what must be true after it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Iterable
from uuid import uuid4

import httpx
import sqlalchemy as sa
from aiokafka.admin import AIOKafkaAdminClient

from haetae.demonstration import Demonstration
from services import SERVICES
from shared.bus.dead_letters import DEAD_SUFFIX
from shared.bus.kafka import KafkaBroker
from shared.bus.port import Record
from shared.database import Database
from shared.events import TOPICS
from shared.events.base import REGISTRY
from tests.support.lanes import dead_letters
from tests.support.poll import eventually


async def kill(run: Demonstration, *names: str) -> None:
    """All at the same moment; returns when all are back."""
    await asyncio.gather(*(run.house.stack.supervisor.kill(name) for name in names))
    await run.house.stack.ready(*names)


async def kill_at_random(run: Demonstration, names: Iterable[str], times: int, every_s: float, seed: int) -> None:
    """Without waiting for anyone to come back."""
    chance, choice = random.Random(seed), tuple(names)
    for _ in range(times):
        await run.house.stack.supervisor.kill(chance.choice(choice))
        await asyncio.sleep(every_s)
    await run.house.stack.ready(*choice)


async def freeze(run: Demonstration, name: str, seconds: float) -> None:
    """SIGSTOP: it holds its connections, leases and locks, and goes on later as if nothing had happened."""
    pid = run.house.stack.supervisor.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    os.kill(pid, signal.SIGCONT)


async def order_fault(run: Demonstration, **order: object) -> None:
    """See `deploy.local.mailsink.faults.FaultOrder`."""
    async with httpx.AsyncClient(trust_env=False) as http:
        (await http.post(f"{run.house.stack.env['HAETAE_MAIL_API']}/api/faults", json=order)).raise_for_status()


async def plant(run: Demonstration) -> int:
    """Records that nobody can read, on every topic; how many a topic."""
    broker = KafkaBroker(run.house.stack.env["HAETAE_KAFKA_BOOTSTRAP"], idempotence=False)
    kinds = {event.topic.name: event.type for event in reversed(REGISTRY.values())}  # a topic's first: all take it
    for topic in TOPICS:
        said = {"ce_source": b"/test", "ce_time": b"2026-11-22T00:00:00+00:00", "ce_type": kinds[topic.name].encode()}
        bad = [(b"\xff{", said), (b"{}", {**said, "ce_type": b"no.such.event.v9"}), (b"{}", {})]
        await broker.produce(
            [
                Record(topic.name, b"k", value, {**headers, "ce_id": str(uuid4()).encode()} if headers else {})
                for value, headers in bad
            ]
        )
    await broker.close()
    return len(bad)


async def dead_by_topic(run: Demonstration) -> Counter[str]:
    bootstrap = run.house.stack.env["HAETAE_KAFKA_BOOTSTRAP"]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    names = [name for name in await admin.list_topics() if name.endswith(DEAD_SUFFIX)]
    await admin.close()
    broker = KafkaBroker(bootstrap, idempotence=False)
    found = {name: len(await dead_letters(broker, name.removesuffix(DEAD_SUFFIX))) for name in names}
    await broker.close()
    return +Counter(found)


async def assert_all_is_well(run: Demonstration) -> None:
    """Every service is ready again by itself, and nothing waits in an outbox."""
    await run.house.stack.ready(*SERVICES)
    owner = Database(run.house.stack.env["HAETAE_DATABASE_URL"], "/test")

    async def outboxes_empty() -> bool:
        waiting = " UNION ALL ".join(f"SELECT 1 FROM {name}.outbox WHERE published_at IS NULL" for name in SERVICES)
        async with owner.transaction() as tx:
            return (await tx.execute(sa.text(waiting))).first() is None

    await eventually(outboxes_empty)
    await owner.close()
