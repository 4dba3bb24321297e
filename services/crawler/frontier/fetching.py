"""The fetcher of a process: takes hosts that are due, has many in hand at once, writes down what their visits found.

A host is not held up by its batch: a slow one would hold up every host of its partition. The offset is committed when a
host is in hand; what makes it safe is that an address stays due until its visit is written down, and that nobody else
asks the host while its lease is held. What was found is with the broker before it is written down, so a crash in
between tells it again, with the same id.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import islice
from types import TracebackType
from typing import Self
from uuid import UUID

import structlog

from services.crawler.equipment import Equipment
from services.crawler.frontier import lease_rows
from services.crawler.frontier.claiming import HOSTS_AT_ONCE
from services.crawler.frontier.in_hand import InHand
from services.crawler.frontier.known_links import KnownLinks
from services.crawler.frontier.leases import TEND_EVERY_S, Leases
from services.crawler.frontier.loading import Loaded, load
from services.crawler.frontier.recording import Recorder
from services.crawler.settings import Settings
from shared.clock import Clock
from shared.database import Database
from shared.events import CrawlDue, Envelope
from shared.failures import Transient
from shared.handling import Context, Outlet

log = structlog.get_logger(__name__)

LOADS_AT_ONCE = 2  # of the eight connections


class Fetching:
    """A resource (connections), a batch handler (`take`) and background tasks (`run`, `tend`). `holder` is who the
    leases say has a host."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, holder: UUID) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._open = AsyncExitStack()
        self._leases = Leases(database, clock, holder)
        self._links = KnownLinks(clock)
        self._equipment = Equipment(settings, database, clock, self._leases.pacer, self._links.unseen)
        self._hand = InHand(settings.most_hosts, clock, self._equipment.work, self._leases.pacer.rest)
        self._leases.lost = self._hand.drop
        self._loads = asyncio.Semaphore(LOADS_AT_ONCE)
        self.changed = asyncio.Event()  # something may be due now: for the scheduler

    async def __aenter__(self) -> Self:
        self._open.push_async_callback(self._database.close)
        await self._open.enter_async_context(self._equipment)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def take(self, batch: Sequence[Envelope[CrawlDue]], outlet: Outlet) -> None:
        """Take these hosts in hand. Waits while there are too many. Leaves out those whose lease is another's by now:
        they were dispatched again, or the record came twice."""
        coming, size = iter(batch), min(HOSTS_AT_ONCE, self._settings.most_hosts)
        while some := list(islice(coming, size)):
            await self._take({envelope.event.host: envelope for envelope in some})

    async def _take(self, offered: Mapping[str, Envelope[CrawlDue]]) -> None:
        await self._hand.room(len(offered))
        loaded: Mapping[str, Loaded] = {}
        try:
            loaded = await self._load(offered)
        finally:
            self._hand.give_room(len(offered) - len(loaded))
        for host, one in loaded.items():
            self._hand.begin(host, one.jobs, one.failures, offered[host].trace)

    async def _load(self, offered: Mapping[str, Envelope[CrawlDue]]) -> Mapping[str, Loaded]:
        async with self._loads:
            began_s = self._clock.monotonic()
            async with self._database.transaction() as tx:
                offers = {host: envelope.id for host, envelope in offered.items()}
                taken = await lease_rows.take(tx, self._leases.holder, offers)
                jobs = await load(tx, [offered[host].event for host in taken])
        self._leases.met(taken, began_s, visiting=True)
        return {host: Loaded(jobs[host], terms.failures) for host, terms in taken.items()}

    async def run(self, context: Context) -> None:
        """Write down what is done until the service stops, and let the hosts go."""
        most = self._settings.max_pages_per_site
        await Recorder(most, self._leases, self._hand, self._links, context, self.changed).run()
        try:
            await self._leases.close()
        except Transient as failure:
            log.warning("hosts in hand are due again when their leases run out", why=str(failure))

    async def tend(self, context: Context) -> None:
        """Hold what is in hand."""
        while not context.stopping():
            try:
                await self._leases.tend()
            except Transient as failure:
                log.warning("leases could not be renewed: what they end for is asked nothing more", why=str(failure))
            await context.clock.sleep(TEND_EVERY_S)
