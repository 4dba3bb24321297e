"""The scheduler: brings what is due onto the hot lane, host by host at the host's pace."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from services.crawler.claiming import HOSTS_AT_ONCE, claim
from services.crawler.ledger import give_back
from services.crawler.pacing import DEFAULT_GAP_S
from shared.events import CrawlDue, Envelope
from shared.failures import Transient
from shared.handling import Context
from shared.identity import identity

log = structlog.get_logger(__name__)

SOURCE = "/haetae/crawler"
# Between two looks. The shorter bounds the work when much is due, the longer how late it is noticed that somebody else
# (an import, another process) made something due.
SHORTEST_S, LONGEST_S = 0.02, 0.25
AFTER_FAILURE_S = 1.0


class Scheduler:
    """`changed` is set by whoever makes something due in this process."""

    def __init__(self, changed: asyncio.Event) -> None:
        self.changed = changed

    async def run(self, context: Context) -> None:
        while not context.stopping():
            try:
                pause_s = await self.turn(context)
            except Transient as failure:
                log.warning("nothing could be scheduled", why=str(failure))
                pause_s = AFTER_FAILURE_S
            await context.clock.sleep(SHORTEST_S)
            await self._rest(pause_s - SHORTEST_S)

    async def turn(self, context: Context) -> float:
        """Dispatch what is due now. Gives the seconds until it is worth looking again."""
        now = context.clock.now()
        async with context.database.transaction() as tx:
            claimed = await claim(tx, now, DEFAULT_GAP_S)
        if claimed.due:
            await self._dispatch(context, claimed.due, now)
        if len(claimed.due) == HOSTS_AT_ONCE or claimed.next_look is None:
            return SHORTEST_S if claimed.due else LONGEST_S
        return max(SHORTEST_S, min((claimed.next_look - context.clock.now()).total_seconds(), LONGEST_S))

    async def _dispatch(self, context: Context, claimed: Sequence[CrawlDue], now: datetime) -> None:
        """After the leases are committed. What the broker does not take is given back; should that fail too, it is due
        again when its lease runs out."""
        try:
            await context.produce([self._envelope(due, now) for due in claimed])
        except Transient:
            pages = [due.url for due in claimed if due.check_id is None]
            checks = [due.check_id for due in claimed if due.check_id is not None]
            async with context.database.transaction() as tx:
                await give_back(tx, pages, checks, (due.host for due in claimed), now)
            raise

    def _envelope(self, due: CrawlDue, now: datetime) -> Envelope[CrawlDue]:
        named = identity("crawl.due", due.check_id or due.url, due.due_at.isoformat(), now.isoformat())
        return Envelope(due, named, SOURCE, now)

    async def _rest(self, seconds: float) -> None:
        """Until something changed, but no longer than that."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self.changed.wait()
        except TimeoutError:
            pass
        self.changed.clear()
