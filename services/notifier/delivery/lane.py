"""What is due of one channel goes through a few hands at once; more is claimed while they work."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.notifier.delivery.claims import Claimed
from services.notifier.domain import Accepted, Failed
from shared.clock import Clock
from shared.failures import Transient
from shared.handling import Context

log = structlog.get_logger(__name__)

# Who waits for his turn goes before the writing down of what was sent, until there are so many of these: a crash then
# sends them again, under their own names.
MOST_UNWRITTEN = 64
MOST_AT_HAND = 256  # also while the database is away

Take = Callable[[int], Awaitable[list[Claimed]]]
# None where the turn came too late for an attempt.
Attempt = Callable[[Claimed], Awaitable[Accepted | Failed | None]]
Record = Callable[[tuple[Claimed, Accepted | Failed]], Awaitable[None]]


class Lane:
    """`at_once` attempts at a time, `ahead` claimed at most."""

    def __init__(self, take: Take, attempt: Attempt, record: Record, at_once: int, ahead: int) -> None:
        self._take, self._attempt, self._record, self._ahead = take, attempt, record, ahead
        self._hands = asyncio.Semaphore(at_once)
        self._waiting = 0  # claimed, their attempt not over
        self._queued = 0  # of them, those not begun
        self._unwritten = 0
        self._lull = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, context: Context, woken: asyncio.Event, poll_s: float) -> None:
        """Until the service stops, then until what was claimed is recorded. An error of ours stops it the same way."""
        try:
            while not context.stopping() and not self._failed():
                woken.clear()
                if not await self._begin():
                    await self._pause(context.clock, woken, poll_s)
        finally:
            await self._finish()

    async def once(self) -> int:
        """What is due now; how many notices that was."""
        begun = await self._begin()
        await self._finish()
        return begun

    async def _begin(self) -> int:
        """Claim and begin as much as there is room for, unless that is too little to be worth a transaction."""
        room = min(self._ahead - self._waiting, MOST_AT_HAND - len(self._running))
        if room < self._ahead // 4:
            return 0
        try:
            claimed = await self._take(room)
        except Transient as failure:
            log.warning("notices have to wait", reason=str(failure))
            return 0
        for one in claimed:
            self._waiting += 1
            self._queued += 1
            self._running.add(asyncio.create_task(self._deliver(one)))
        return sum(len(one.rows) for one in claimed)

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            async with self._hands:
                self._queued -= 1
                self._look_around()
                outcome = await self._attempt(claimed)
        finally:
            self._waiting -= 1
            self._unwritten += 1
            self._look_around()
        try:
            if outcome is not None:
                await self._lull.wait()
                await self._record((claimed, outcome))
        finally:
            self._unwritten -= 1
            self._look_around()

    def _look_around(self) -> None:
        """Is it time to write down?"""
        if self._queued == 0 or self._unwritten >= MOST_UNWRITTEN:
            self._lull.set()
        else:
            self._lull.clear()

    async def _pause(self, clock: Clock, woken: asyncio.Event, poll_s: float) -> None:
        looks = {asyncio.ensure_future(clock.sleep(poll_s)), asyncio.ensure_future(woken.wait())}
        await asyncio.wait({*looks, *self._running}, return_when=asyncio.FIRST_COMPLETED)
        for look in looks:
            look.cancel()
        self._running = {task for task in self._running if not task.done() or task.exception()}

    def _failed(self) -> bool:
        return any(task.done() and task.exception() for task in self._running)

    async def _finish(self) -> None:
        """Each is brought to its end before an error is raised: what was sent is to be written down."""
        ended = await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()
        for one in ended:
            if isinstance(one, BaseException):
                raise one
