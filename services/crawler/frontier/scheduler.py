"""The scheduler: brings what is due onto the hot lane, for each host what it can be asked in some seconds."""

import asyncio
from collections.abc import Sequence

import structlog

from services.crawler.frontier.claiming import Dispatch, claim, undo
from shared.events import Envelope
from shared.failures import Transient
from shared.handling import Context

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
        async with context.database.transaction() as tx:
            claimed = await claim(tx)
        if claimed.dispatches:
            await self._dispatch(context, claimed.dispatches)
        if claimed.more:
            return SHORTEST_S
        return LONGEST_S if claimed.next_look_s is None else max(SHORTEST_S, min(claimed.next_look_s, LONGEST_S))

    async def _dispatch(self, context: Context, dispatches: Sequence[Dispatch]) -> None:
        """After the leases are committed. What the broker does not take is given back; should that fail too, it is due
        again when its lease runs out."""
        now = context.clock.now()
        try:
            await context.produce([Envelope(one.due, one.lease, SOURCE, now) for one in dispatches])
        except Transient:
            async with context.database.transaction() as tx:
                await undo(tx, dispatches)
            raise

    async def _rest(self, seconds: float) -> None:
        """Until something changed, but no longer than that."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self.changed.wait()
        except TimeoutError:
            pass
        self.changed.clear()
