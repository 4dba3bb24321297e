"""Writing down what visits found, many at a time: first to the broker, then into the frontier."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.crawler import ledger
from services.crawler.claiming import LEASE
from services.crawler.in_hand import Finished, InHand
from services.crawler.known_links import KnownLinks
from services.crawler.outcomes import not_handled
from services.crawler.pacing import Pacer
from services.crawler.scheduler import SOURCE
from services.crawler.settings import Settings
from services.crawler.visit import Checked, Visited
from shared.events import ContentFound, ConversationObserved, Envelope, Event
from shared.failures import Transient
from shared.handling import Context
from shared.identity import identity

log = structlog.get_logger(__name__)

RENEW_EVERY_S = LEASE.total_seconds() / 3
LOOK_S = 0.25  # how soon a stop is noticed
STOP_S = 8.0  # visits that take longer are broken off and begin anew elsewhere
AFTER_FAILURE_S = 1.0


class Recorder:
    def __init__(
        self, settings: Settings, pacer: Pacer, hand: InHand, context: Context, changed: asyncio.Event
    ) -> None:
        self._max_pages, self._pacer, self._hand = settings.max_pages_per_site, pacer, hand
        self._context, self._changed = context, changed
        self._links = KnownLinks(context.clock)
        self._renewed_at = context.clock.monotonic()

    async def run(self) -> None:
        while not self._context.stopping():
            await self._write(await self._hand.finished(LOOK_S))
            await self._renew()
        await self._hand.stop(STOP_S)
        await self._write(await self._hand.finished(0))
        await self._give_back()

    async def _write(self, finished: Sequence[Finished]) -> None:
        """Until it is written: a database or broker that is away comes back."""
        while finished:
            try:
                await self._write_once(finished)
                return
            except Transient as failure:
                if self._context.stopping():
                    log.warning("not written down: the visits are made again", visits=len(finished), why=str(failure))
                    return
                log.warning("cannot write down what was found yet", visits=len(finished), why=str(failure))
                await self._context.clock.sleep(AFTER_FAILURE_S)
                await self._renew()
            except Exception as bug:
                if len(finished) == 1:
                    finished = self._put_off(finished[0], bug)
                    continue
                log.exception("cannot be written down together: one by one", keys=[one.key for one in finished])
                for one in finished:
                    await self._write([one])
                return

    def _put_off(self, one: Finished, bug: Exception) -> Sequence[Finished]:
        """Raises the bug when even that cannot be written: it is not the page's then, and the service stops."""
        if one.put_off:
            raise bug
        log.error("cannot be written down: put off", key=one.key, exc_info=bug)
        job = one.done.known if isinstance(one.done, Visited) else one.done.check
        return [replace(one, done=not_handled(job, bug, self._context.clock.now()), put_off=True)]

    async def _write_once(self, finished: Sequence[Finished]) -> None:
        found = [envelope for one in finished for envelope in self._envelopes(one)]
        if found:
            await self._context.produce(found)
        visited = [one.done for one in finished if isinstance(one.done, Visited)]
        checked = [one.done for one in finished if isinstance(one.done, Checked)]
        now = self._context.clock.now()
        async with self._context.database.transaction() as tx:
            await self._links.refresh(tx)
            fresh = [replace(visit, links=self._links.unknown(visit.links)) for visit in visited]
            refused = await ledger.record(tx, fresh, checked, self._free_at(finished, now), self._max_pages, now)
        self._links.remember(link.url for visit in fresh for link in visit.links)
        for host, links in refused.items():
            log.warning("too many pages: links left out", host=host, links=links, most=self._max_pages)
        self._hand.forget(finished)
        self._changed.set()

    def _envelopes(self, one: Finished) -> Iterator[Envelope[Event]]:
        if isinstance(one.done, Visited):
            now = self._context.clock.now()
            for found in one.done.found:
                yield Envelope(found, _named(found), SOURCE, now, one.trace)

    def _free_at(self, finished: Sequence[Finished], now: datetime) -> dict[str, datetime]:
        hosts = {
            one.done.known.watched.site.host if isinstance(one.done, Visited) else one.done.check.host
            for one in finished
        }
        return {host: now + timedelta(seconds=self._pacer.free_in_s(host)) for host in hosts}

    async def _renew(self) -> None:
        """Hold what is in hand."""
        now_s = self._context.clock.monotonic()
        if now_s - self._renewed_at < RENEW_EVERY_S:
            return
        self._renewed_at = now_s
        try:
            async with self._context.database.transaction() as tx:
                await ledger.renew(tx, self._hand.pages, self._hand.checks, self._context.clock.now() + LEASE)
        except Transient as failure:
            log.warning("leases could not be renewed: visits may be made twice", why=str(failure))

    async def _give_back(self) -> None:
        """What is left begins anew at once in another process."""
        if not len(self._hand):
            return
        pages, checks, hosts = self._hand.pages, self._hand.checks, self._hand.hosts
        try:
            async with self._context.database.transaction() as tx:
                await ledger.give_back(tx, pages, checks, hosts, self._context.clock.now())
        except Transient as failure:
            log.warning("visits in hand begin anew when their leases run out", visits=len(pages), why=str(failure))


def _named(found: ContentFound | ConversationObserved) -> UUID:
    if isinstance(found, ContentFound):
        return identity("content.found", found.finding.content_id)
    return identity("conversation.observed", found.conversation, *(turn.turn_id for turn in found.turns))
