"""Brings approved notices to their channels, and writes down what became of each.

A delivery is marked `sending`, with its attempt, before the first byte goes out. Whoever dies after that leaves a
lease that runs out, and the mail goes out again with the same Message-ID: `Origin.message_id` says why.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import structlog

from services.notifier.channels.port import Channel, Together
from services.notifier.delivery.budget import Budget
from services.notifier.delivery.claims import Claimed, Terms, claim, release
from services.notifier.delivery.lane import Lane
from services.notifier.delivery.ledger import forget
from services.notifier.delivery.recorder import Recorder
from services.notifier.domain import ATTEMPTS, Accepted, Failed
from services.notifier.removal.watching import Rhythm
from shared.clock import Clock
from shared.database import Database
from shared.failures import Transient
from shared.handling import Context
from shared.observing import work_on
from shared.regularly import regularly

log = structlog.get_logger(__name__)

POLL_S = 0.5  # what this process approves wakes the sender; what another one did, or what fell due, is found by looking
AT_ONCE = 8  # connections to the submission server: what servers allow one client without asking
TURNS = 4  # mails claimed for each of them: their lease covers as many of the longest submissions, one after the other
FORGET_S = 3600.0
BY_HAND = "form"


@dataclass(frozen=True)
class Sender:
    """`instance` must be unique among the service's processes: at its start it takes over its former life's leases.

    `lease_s` must be longer than `TURNS` submissions may take, and longer than any delivery by another channel.
    """

    channels: Mapping[str, Channel]
    rhythm: Rhythm
    instance: str
    lease_s: float
    budget: Budget = field(default_factory=Budget)
    attempts: int = ATTEMPTS

    async def run(self, context: Context) -> None:
        """Until the service stops, and what was claimed is recorded."""
        await self._take_over(context)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(regularly(context, FORGET_S, forget))
            for lane in self._lanes(context.database, context.clock):
                tasks.create_task(self._serve(lane, context))

    async def round(self, database: Database, clock: Clock) -> int:
        """Attempt what is due now; how many notices there were."""
        return sum([await lane.once() for lane in self._lanes(database, clock)])

    async def _serve(self, lane: Lane, context: Context) -> None:
        woken = asyncio.Event()
        context.database.committed_with_events.append(woken)
        try:
            await lane.run(context, woken, POLL_S)
        finally:
            context.database.committed_with_events.remove(woken)

    async def _take_over(self, context: Context) -> None:
        while not context.stopping():
            with suppress(Transient):
                async with context.database.transaction() as tx:
                    return await release(tx, self.instance)
            await context.clock.sleep(POLL_S)

    def _lanes(self, database: Database, clock: Clock) -> list[Lane]:
        """One a channel: a slow one holds up no other."""
        recorder = Recorder(database, clock, self.attempts, self.rhythm)
        return [self._lane(name, recorder, database, clock) for name in self.channels if name != BY_HAND]

    def _lane(self, name: str, recorder: Recorder, database: Database, clock: Clock) -> Lane:
        channel = self.channels[name]
        carrier = channel.message_id if isinstance(channel, Together) else None
        terms = Terms(name, self.instance, self.lease_s, self.budget, carrier)

        async def take(limit: int) -> list[Claimed]:
            async with database.transaction() as tx:
                return await claim(tx, terms, limit)

        attempt = partial(self._attempt, channel, clock)
        return Lane(take, attempt, recorder.record, AT_ONCE, AT_ONCE * (TURNS if carrier else 1))

    async def _attempt(self, channel: Channel, clock: Clock, claimed: Claimed) -> Accepted | Failed | None:
        """None where the lease ran out before the turn came: another may be at it already."""
        if clock.now() >= claimed.leased_until:
            return None
        cases = [row.case_id for row in claimed.rows]
        try:
            with work_on(cases[0], "deliver", cases[1:]):
                outcome = await self._deliver(channel, clock, claimed)
        except Exception as fault:  # of ours: the others go on, and this one ends in an alarm
            log.exception("a delivery failed", notices=[str(row.notice_id) for row in claimed.rows])
            outcome = Failed(f"a fault of our own: {type(fault).__name__}", perhaps_taken=True)
        for row in claimed.rows:
            log.info(
                "notice attempted",
                case_id=str(row.case_id),
                notice_id=str(row.notice_id),
                attempt=row.attempt,
                accepted=isinstance(outcome, Accepted),
            )
        return outcome

    async def _deliver(self, channel: Channel, clock: Clock, claimed: Claimed) -> Accepted | Failed:
        if max(row.attempt for row in claimed.rows) > self.attempts:
            return Failed("every attempt ended without an answer that could be recorded")
        letters = claimed.letters()
        if claimed.together and isinstance(channel, Together):
            return await channel.deliver_together(letters, claimed.carrier_id, clock.now())
        return await channel.deliver(letters[0], clock.now())
