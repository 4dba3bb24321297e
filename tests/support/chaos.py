"""What goes wrong around a run of the whole loop, and what must be true after it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable

import httpx
import sqlalchemy as sa
from aiokafka.admin import AIOKafkaAdminClient

from chaos.faults import frozen
from haetae.demonstration import Demonstration
from services import SERVICES
from shared.bus.dead_letters import DEAD_SUFFIX
from shared.bus.kafka import KafkaBroker
from shared.database import Database
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
    pid = run.house.stack.supervisor.pid(name)
    assert pid is not None
    async with frozen(pid):
        await asyncio.sleep(seconds)


async def order_fault(run: Demonstration, **order: object) -> None:
    """See `deploy.local.mailsink.faults.FaultOrder`."""
    async with httpx.AsyncClient(trust_env=False) as http:
        (await http.post(f"{run.house.stack.env['HAETAE_MAIL_API']}/api/faults", json=order)).raise_for_status()


async def dead_by_topic(run: Demonstration) -> Counter[str]:
    """How many records were put aside, by whichever services take them."""
    bootstrap = run.house.stack.env["HAETAE_KAFKA_BOOTSTRAP"]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    names = [name for name in await admin.list_topics() if name.endswith(DEAD_SUFFIX)]
    await admin.close()
    broker = KafkaBroker(bootstrap, idempotence=False)
    found: Counter[str] = Counter()
    for name in names:
        letters = await dead_letters(broker, name.removesuffix(DEAD_SUFFIX))
        found[name] = len({(one.headers["dead_partition"], one.headers["dead_offset"]) for one in letters})
    await broker.close()
    return +found


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
