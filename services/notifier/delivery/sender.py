"""Brings approved notices to the submission server, and writes down what became of each.

A delivery is marked `sending`, with its attempt, before the first byte goes out. Whoever dies after that leaves a
lease that runs out, and the mail goes out again with the same Message-ID: `Origin.message_id` says why.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from services.notifier.channels.port import Channel
from services.notifier.delivery.outcomes import record
from services.notifier.domain import ATTEMPTS, Accepted, Failed
from services.notifier.removal.watching import Rhythm
from services.notifier.store import Delivery, claim, release
from shared.clock import Clock
from shared.database import Database
from shared.failures import Transient
from shared.handling import Context

log = structlog.get_logger()

POLL_S = 0.5  # an official's approval took minutes; half a second more is nothing, and the query costs nothing
AT_ONCE = 8  # connections to the submission server: what servers allow one client without asking
RECORD_TRIES = 20  # seconds for which a database may be away before an accepted mail would be sent again


@dataclass(frozen=True)
class Sender:
    """`instance` must be unique among the service's processes: at its start it takes over its former life's leases."""

    channels: Mapping[str, Channel]
    rhythm: Rhythm
    instance: str
    lease_s: float
    gap_s: float
    attempts: int = ATTEMPTS

    async def run(self, context: Context) -> None:
        database, released = context.database, False
        while not context.stopping():
            sent = 0
            try:
                if not released:
                    async with database.transaction() as tx:
                        await release(tx, self.instance)
                    released = True
                sent = await self.round(database, context.clock)
            except Transient as failure:
                log.warning("notices have to wait", reason=str(failure))
            if not sent:
                await context.clock.sleep(POLL_S)

    async def round(self, database: Database, clock: Clock) -> int:
        """Attempt what is due now; how many there were."""
        async with database.transaction() as tx:
            claimed = await claim(tx, self.instance, self.lease_s, self.gap_s, AT_ONCE)
        await asyncio.gather(*(self._deliver(one, database, clock) for one in claimed))
        return len(claimed)

    async def _deliver(self, claimed: Delivery, database: Database, clock: Clock) -> None:
        outcome = await self._attempt(claimed, clock)
        log.info(
            "notice attempted",
            case_id=str(claimed.case_id),
            notice_id=str(claimed.notice_id),
            attempt=claimed.attempt,
            accepted=isinstance(outcome, Accepted),
        )
        for tries_left in reversed(range(RECORD_TRIES)):
            try:
                return await record(claimed, outcome, self.attempts, self.rhythm, database)
            except Transient:
                if not tries_left:
                    raise
                await clock.sleep(1)

    async def _attempt(self, claimed: Delivery, clock: Clock) -> Accepted | Failed:
        if claimed.attempt > self.attempts:
            return Failed("every attempt ended without an answer that could be recorded")
        return await self.channels[claimed.channel].deliver(claimed.letter(), clock.now())
