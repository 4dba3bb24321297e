"""The fetcher of a process: takes visits that are due, has many in hand at once, writes down what they found.

A visit is not held up by its batch: a slow host would hold up every host of its partition. The offset is committed when
a visit is in hand; what makes it safe is its lease in the database, renewed while it is in hand and cleared in the
transaction that records it. What was found is with the broker before that transaction, so a crash in between tells it
again, with the same id.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self
from uuid import UUID

import structlog

from services.crawler import ledger
from services.crawler.asking import Asker
from services.crawler.checking import Checker, Vantage
from services.crawler.credentials import read_credentials
from services.crawler.in_hand import Done, InHand, Job
from services.crawler.outcomes import not_handled
from services.crawler.pacing import Pacer
from services.crawler.picture_box import box
from services.crawler.recording import Recorder
from services.crawler.settings import Settings
from services.crawler.visit import Check, Known
from services.crawler.visiting import Visitor
from services.crawler.ways import Ways
from shared.clock import Clock
from shared.database import Database
from shared.events import CrawlDue, Envelope
from shared.handling import Context, Outlet
from shared.net import Fetcher

log = structlog.get_logger(__name__)

LOADS_AT_ONCE = 4  # half of the connection pool: beyond it every batch would open a connection of its own


class Fetching:
    """A resource (connections), a batch handler (`take`) and a background task (`run`)."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._open = AsyncExitStack()
        self._hand = InHand(settings.most_visits)
        self._loads = asyncio.Semaphore(LOADS_AT_ONCE)
        self.changed = asyncio.Event()  # something may be due now: for the scheduler

    async def __aenter__(self) -> Self:
        self._open.push_async_callback(self._database.close)
        fetcher = await self._open.enter_async_context(Fetcher(self._settings))
        ways = Ways(frozenset(), read_credentials(self._settings.credentials_file))
        self.asker = Asker(fetcher, Pacer(self._clock), self._clock, ways)
        pictures = await self._open.enter_async_context(box(self.asker, self._settings, self._clock))
        agent = self._settings.user_agent
        self._visitor = Visitor(self.asker, pictures, self._clock, agent, self._digest_of)
        vantages = (Vantage("honest", agent), Vantage("browser", self._settings.browser_user_agent))
        self._checker = Checker(self.asker, pictures, self._clock, vantages, self._settings.max_picture_bytes)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def take(self, batch: Sequence[Envelope[CrawlDue]], outlet: Outlet) -> None:
        """Begin these visits. Returns when they are in hand; waits while there are too many."""
        new = [envelope for envelope in batch if not self._hand.has(key_of(envelope.event))]
        pages, checks = await self._load([envelope.event for envelope in new])
        for envelope in new:
            due = envelope.event
            job = checks.get(due.check_id) if due.check_id else pages.get(due.url)
            # Dispatched twice and visited already: the address is due at another moment by now.
            if job is None or (isinstance(job, Known) and job.next_at != due.due_at):
                continue
            await self._hand.begin(key_of(due), job, envelope.trace, self._work)

    async def run(self, context: Context) -> None:
        """Write down what is done, and hold what is in hand, until the service stops."""
        recorder = Recorder(self._settings, self.asker.pacer, self._hand, context, self.changed)
        await recorder.run()

    async def _load(self, due: Sequence[CrawlDue]) -> tuple[dict[str, Known], dict[UUID, Check]]:
        urls = [one.url for one in due if one.check_id is None]
        ids = [one.check_id for one in due if one.check_id is not None]
        async with self._loads, self._database.transaction() as tx:
            pages = await ledger.load_pages(tx, urls) if urls else {}
            checks = await ledger.load_checks(tx, ids) if ids else {}
        return pages, checks

    async def _work(self, job: Job) -> Done:
        """A bug of ours is an answer too: whoever waits for it must not wait for ever."""
        try:
            return await (self._checker.check(job) if isinstance(job, Check) else self._visitor.visit(job))
        except Exception as bug:
            log.exception("our code could not handle it", key=job.url if isinstance(job, Known) else str(job.check_id))
            return not_handled(job, bug, self._clock.now())

    async def _digest_of(self, url: str) -> str | None:
        async with self._loads, self._database.transaction() as tx:
            return await ledger.digest_of(tx, url)


def key_of(due: CrawlDue) -> str:
    return str(due.check_id or due.url)
