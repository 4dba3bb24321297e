"""A gateway that sends webhooks, and who keeps them: the worker is told when to look, the clock when to go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import psycopg

from deploy.local.access import libpq_url
from services.gateway.accounts import Account, enter
from services.gateway.bridges.webhooks import managing
from services.gateway.bridges.webhooks.delivering import Deliveries, Sender
from services.gateway.bridges.webhooks.house import Webhooks, seal_of
from services.gateway.bridges.webhooks.jobs import Done, Job, settle
from services.gateway.bridges.webhooks.judging import Judged, Outcome
from services.gateway.bridges.webhooks.managing import Wanted
from services.gateway.bridges.webhooks.store import Kind, Tried, Webhook
from shared.clock import Clock, ManualClock
from shared.database import Transaction
from shared.events import CaseChanged
from shared.net.allowed import read_hosts
from shared.net.calling import Caller
from shared.net.guard import Guard
from shared.net.resolving import Resolve
from shared.net.settings import CallSettings
from tests.support.approvals import APPROVALS
from tests.support.bridges import emptied, told
from tests.support.gateway import Desk, make_desk
from tests.support.stack import Migrated

ORIGIN = "127.0.0.1"
HOSTS = ("receiver.test", "other.test")


@dataclass
class Post:
    """`clock` stands until a test advances it; `worker` is this gateway's, `another()` that of one more."""

    desk: Desk
    clock: Clock
    house: Webhooks
    admin: Account
    dsn: str
    caller: Caller
    stack: AsyncExitStack = field(repr=False)

    def __post_init__(self) -> None:
        self.worker = Deliveries(self.desk.database, self.sender(self.caller))

    def sender(self, caller: Caller) -> Sender:
        return Sender(caller, self.house.seal, ORIGIN, Random(7))

    async def another(self) -> Deliveries:
        desk = make_desk(self.dsn, Path("/nowhere"), self.clock)
        self.stack.push_async_callback(desk.database.close)
        return Deliveries(desk.database, self.sender(self.caller))

    async def add(self, url: str, types: tuple[str, ...] = (), position: int = 0) -> tuple[UUID, str]:
        async with self.desk.database.transaction() as tx:
            row, secret = await managing.add(tx, self.house, self.admin, Wanted("Harbour", url, types), position)
        return row.webhook_id, secret

    async def events(self, number: int) -> list[str]:
        """So many are published; their numbers."""
        return [str(await told(self.desk)) for _ in range(number)]

    def later(self, seconds: float) -> None:
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(seconds)

    async def round(self, after_s: float = 0.0) -> None:
        """So much later: everything that is due, to its end."""
        if after_s:
            self.later(after_s)
        while await self.worker.look():
            await self.worker.idle()

    async def row(self, webhook_id: UUID) -> Webhook:
        async with self.desk.database.transaction() as tx:
            return await managing.one(tx, self.admin.agency, webhook_id)

    async def tried(self, webhook_id: UUID) -> list[Tried]:
        async with self.desk.database.transaction() as tx:
            return list(await managing.attempts(tx, webhook_id))


@asynccontextmanager
async def posting(
    database: Migrated, folder: Path, resolve: Resolve | None = None, clock: Clock | None = None
) -> AsyncIterator[Post]:
    """An agency of its own: what is shared with other tests is the feed alone, which is emptied."""
    emptied(database.owner_url)
    with psycopg.connect(libpq_url(database.owner_url), autocommit=True) as connection:
        connection.execute("DELETE FROM gateway.webhooks")
    clock = clock or ManualClock(datetime.now(UTC))
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 {' '.join(HOSTS)}\n")
    house = Webhooks(True, Guard(read_hosts(hosts)), seal_of(APPROVALS), ORIGIN)
    dsn = database.dsn_for("gateway")
    desk = make_desk(dsn, folder, clock)
    desk.parts = replace(desk.parts, webhooks=house)
    async with desk.database.transaction() as tx:
        admin = await enter(tx, f"admin-{uuid4()}", ["agency-admin"], "test")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(desk.database.close)
        settings = CallSettings.model_validate({"allowed_hosts_file": str(hosts)})
        caller = await stack.enter_async_context(Caller(settings, resolve, to="webhook"))
        yield Post(desk, clock, house, admin, dsn, caller, stack)


async def one_that_fails(tx: Transaction, desk: Desk, by: Account) -> str:
    """One that agreed and took a test, and is away since."""
    wanted = Wanted("등대 상담소 수신 시스템", "https://events.lighthouse.test/haetae", (CaseChanged.type,))
    row, _ = await managing.add(tx, desk.parts.webhooks, by, wanted, 0)
    await tx.flush()
    now = tx.clock.now()
    for kind, judged in (
        (Kind.CONSENT, Judged(Outcome.TAKEN, 200)),
        (Kind.TEST, Judged(Outcome.TAKEN, 204)),
        (Kind.EVENT, Judged(Outcome.REFUSED, 503)),
    ):
        id = None if kind is Kind.CONSENT else uuid4()
        job = Job(kind, row.webhook_id, row.version, row.url, row.position, id)
        await settle(tx, row, Done(job, judged, now, 0.2), Random(7))
    return str(row.webhook_id)
