"""The evidence service with every server it needs behind a link."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.engine import make_url

from deploy.local.buckets import S3Address
from services.evidence.app import app
from services.evidence.settings import Settings
from services.evidence.workshop import Workshop
from shared.browser import processes
from shared.bus.memory import MemoryBroker
from shared.clock import SystemClock
from shared.database import Database
from shared.events import ContentFlagged, Event, EvidenceFailed, EvidenceSealed
from shared.objects.vault import Vault, open_vault
from tests.support.captures import evidence_settings, flagged
from tests.support.outbox import told
from tests.support.pages import Site, picture
from tests.support.poll import eventually
from tests.support.service import running
from tests.support.severed import Link, link
from tests.support.stack import Migrated
from tests.support.stamps import stampers
from tests.support.strikes import Strikes

TEXT = "The lantern parcel waits at gate seven."
TOPIC = ContentFlagged.topic.name
OUTAGE_S = 1.2  # more than the store's client bridges by itself


@dataclass
class Faulted:
    """`dsn`: the database through its link. `database` and `vault` go past the links: they look on."""

    site: Site
    settings: Settings
    dsn: str
    database: Database
    vault: Vault
    links: dict[str, Link]
    strikes: Strikes
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    workshop: Workshop | None = None
    mended_at: float = 0.0
    settled_at: float = 0.0

    def finding(self, name: str, more: str = "") -> ContentFlagged:
        """A page with a text and a picture."""
        url = self.site.page(f"/post/{name}", f"<p>{TEXT}</p><img src=/media/1.jpg>{more}")
        return flagged(url, (self.site.url("/media/1.jpg"), picture()))

    def take_down(self, event: ContentFlagged) -> None:
        self.site.page(urlsplit(event.finding.url).path, "gone", 410)

    async def settled(self, event: ContentFlagged, seconds: float = 60.0) -> Event:
        """What came of it, once it is told."""
        found: list[Event] = []

        async def is_there() -> bool:
            found[:] = await self.outcomes(event.case_id)
            return bool(found)

        await eventually(is_there, seconds)
        self.settled_at = asyncio.get_running_loop().time()
        return found[0]

    async def outcomes(self, case: UUID) -> list[Event]:
        return [one for one in await told(self.database, EvidenceSealed, EvidenceFailed) if one.case_id == case]

    # Faults

    def kill_browser(self) -> None:
        """All its processes at once."""
        assert self.workshop
        instance = self.workshop.browser._instance
        if instance and instance._pid:
            processes.end(processes.tree(instance._pid))

    def kill_driver(self) -> None:
        """The process between us and the browser; the browser ends with it."""
        for process in processes.tree(os.getpid())[1:]:
            if b"run-driver" in Path(f"/proc/{process.pid}/cmdline").read_bytes():
                os.kill(process.pid, signal.SIGKILL)

    def outage(self, name: str, begin: Callable[[Link], None], seconds: float = OUTAGE_S) -> None:
        """The server behind the link is away for so long."""
        begin(self.links[name])
        asyncio.get_running_loop().call_later(seconds, self._mend, name)

    def all_is_over(self) -> bool:
        """Every server is there, and no finding is under way or to come again."""
        through = sum(at for of, at in self.broker.groups["evidence.case"].offsets.items() if of.topic == TOPIC)
        all_back = not any(link.away for link in self.links.values())
        return all_back and through == sum(map(len, self.broker.logs(TOPIC)))

    def _mend(self, name: str) -> None:
        self.links[name].mend()
        self.mended_at = asyncio.get_running_loop().time()


@asynccontextmanager
async def faulted(
    folder: Path, site: Site, migrated: Migrated, store: S3Address, strikes: Strikes
) -> AsyncIterator[Faulted]:
    dsn = make_url(migrated.dsn_for("evidence"))
    host, _, port = store.endpoint.rpartition(":")
    async with AsyncExitStack() as stack:
        stamping = await stack.enter_async_context(stampers(folder, SystemClock()))
        far = int(stamping.file.read_text().partition("127.0.0.1:")[2].partition("/")[0])
        links = {
            "store": await stack.enter_async_context(link(host, int(port))),
            "database": await stack.enter_async_context(link(dsn.host or "", dsn.port or 5432)),
            "authorities": await stack.enter_async_context(link("127.0.0.1", far)),
        }
        stamping.file.write_text(stamping.file.read_text().replace(f":{far}/", f":{links['authorities'].port}/"))
        near = {**store.env(), "HAETAE_S3_ENDPOINT": f"127.0.0.1:{links['store'].port}"}
        settings = evidence_settings(site.hosts, near, stamp_authorities_file=stamping.file)
        past = settings.model_copy(update={"s3_endpoint": store.endpoint})
        database = Database(dsn.render_as_string(hide_password=False), "/haetae/evidence")
        stack.push_async_callback(database.close)
        vault = await stack.enter_async_context(open_vault(past))
        through = dsn.set(host="127.0.0.1", port=links["database"].port)
        yield Faulted(site, settings, through.render_as_string(hide_password=False), database, vault, links, strikes)


@asynccontextmanager
async def at_work(house: Faulted) -> AsyncIterator[None]:
    """The service, until left."""
    service = app(house.settings)
    house.workshop = next(one for one in service.resources if isinstance(one, Workshop))
    database = Database(house.dsn, "/haetae/evidence")
    try:
        async with running(service, house.broker, database):
            yield
    finally:
        await database.close()
