"""Writing down what visits found, many at a time: first to the broker, then into the frontier."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from services.crawler.frontier import ledger
from services.crawler.frontier.in_hand import Finished, InHand
from services.crawler.frontier.known_links import KnownLinks
from services.crawler.frontier.leases import Leases
from services.crawler.frontier.ledger import Results
from services.crawler.frontier.outcomes import not_handled
from services.crawler.frontier.scheduler import SOURCE
from services.crawler.visit import Visited
from shared.events import ContentFound, ConversationObserved, Envelope, Event
from shared.failures import Transient
from shared.handling import Context
from shared.identity import identity

log = structlog.get_logger(__name__)

LOOK_S = 0.25  # how soon a stop is noticed
STOP_S = 8.0  # visits that take longer are broken off and begin anew elsewhere
AFTER_FAILURE_S = 1.0


class Recorder:
    """`changed` is set when something may have become due."""

    def __init__(
        self,
        max_pages: int,
        leases: Leases,
        hand: InHand,
        links: KnownLinks,
        context: Context,
        changed: asyncio.Event,
    ) -> None:
        self._max_pages, self._leases, self._hand, self._links = max_pages, leases, hand, links
        self._context, self._changed = context, changed

    async def run(self) -> None:
        """Write down what is done, until the service stops; then what is left, and let everything go."""
        while not self._context.stopping():
            await self._write(await self._hand.finished(LOOK_S))
        await self._hand.stop(STOP_S)
        while last := await self._hand.finished(0):
            await self._write(last)
        await self._write(())  # hosts of which nothing was left

    async def _write(self, finished: Sequence[Finished]) -> None:
        """Until it is written: a database or broker that is away comes back."""
        while finished or self._hand.over(()):
            try:
                await self._write_once(finished)
                return
            except Transient as failure:
                if self._context.stopping():
                    log.warning("not written down: the visits are made again", visits=len(finished), why=str(failure))
                    return
                log.warning("cannot write down what was found yet", visits=len(finished), why=str(failure))
                await self._context.clock.sleep(AFTER_FAILURE_S)
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
        over = self._hand.over(finished)
        with self._leases.leaving(over) as left:
            async with self._context.database.transaction() as tx:
                await self._links.refresh(tx)
                unknown = self._links.unknown(visited)
                results = Results(finished, unknown.links, left)
                left_out = await ledger.record(tx, results, self._leases.holder, self._max_pages)
        self._links.remember(unknown, left_out)
        for host, links in Counter(link.host for link in left_out).items():
            log.warning("too many pages: links left out", host=host, links=links, most=self._max_pages)
        self._hand.forget(finished, over)
        self._changed.set()

    def _envelopes(self, one: Finished) -> Iterator[Envelope[Event]]:
        if isinstance(one.done, Visited):
            now = self._context.clock.now()
            for found in one.done.found:
                yield Envelope(found, _named(found), SOURCE, now, one.trace)


def _named(found: ContentFound | ConversationObserved) -> UUID:
    if isinstance(found, ContentFound):
        return identity("content.found", found.finding.content_id, *found.reports)
    return identity("conversation.observed", found.conversation, *(turn.turn_id for turn in found.turns))
