"""What looks after the history in the background: places and heads, partitions, checks."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.gateway.tree import checking, growing, keys, stamping
from shared.failures import Transient
from shared.handling import Context
from shared.stamps.stamping import Stamping

log = structlog.get_logger(__name__)

GROW_S = 1.0  # a line has its place within about a second
STAMP_S = 10.0  # whether a stamp is due
CHECK_S = 0.25  # with 500 lines each time: two thousand lines a second, some 3 % of a core
REST_S = 5.0  # when there was nothing to check
PARTITIONS_S = 3600.0  # partitions are made months ahead
STOP_POLL_S = 0.25
ELSEWHEN = sa.text(
    "SELECT count(*) FROM (SELECT FROM audit WHERE tableoid = 'audit_elsewhen'::regclass LIMIT 1000) AS few"
)


class Keeper:
    """`name`: of the log, in its heads."""

    def __init__(self, name: str, key: Ed25519PrivateKey, stamping: Stamping) -> None:
        self._name, self._key, self._stamping = name, key, stamping
        self._on_record = False

    async def grow(self, context: Context) -> None:
        await every(context, GROW_S, self._grow)

    async def stamp(self, context: Context) -> None:
        async with self._stamping:
            await every(context, STAMP_S, self._stamp)

    async def check(self, context: Context) -> None:
        """In portions, with a pause after each: pages are served by the same process."""
        while not context.stopping():
            more = False
            try:
                more = await self._check(context)
            except Transient as failure:
                log.warning("the history has to wait", reason=str(failure))
            until = context.clock.monotonic() + (CHECK_S if more else REST_S)
            while not context.stopping() and context.clock.monotonic() < until:
                await context.clock.sleep(STOP_POLL_S)

    async def partition(self, context: Context) -> None:
        await every(context, PARTITIONS_S, self._partition)

    async def _grow(self, context: Context) -> None:
        if not self._on_record:
            async with context.database.transaction() as tx:
                await keys.take_over(tx, self._key)
            self._on_record = True
        placed = growing.AT_ONCE
        while placed == growing.AT_ONCE and not context.stopping():
            async with context.database.transaction() as tx:
                placed = await growing.number(tx)
        async with context.database.transaction() as tx:
            try:
                await growing.sign_head(tx, self._name, self._key)
            except (growing.ClockBack, growing.GivenUp) as error:
                log.error("no head of the history is signed", reason=str(error))
            context.metrics.history_waiting.set(await growing.waiting(tx))

    async def _stamp(self, context: Context) -> None:
        if self._stamping.names:
            await stamping.stamp_newest(context.database, self._stamping)
            async with context.database.transaction() as tx:
                context.metrics.history_unstamped.set(await stamping.overdue_s(tx))

    async def _check(self, context: Context) -> bool:
        more = False
        for check in (checking.NEW, checking.WHOLE):
            async with context.database.transaction() as tx:
                more |= await checking.follow(tx, check)
        async with context.database.transaction() as tx:
            more |= await checking.ends(tx)
        async with context.database.transaction() as tx:
            wrong = [check for check in (await checking.state(tx)).values() if check.broken]
        context.metrics.history_broken.set(len(wrong))
        return more

    async def _partition(self, context: Context) -> None:
        async with context.database.transaction() as tx:
            made = (await tx.execute(sa.text("SELECT audit_partitions()"))).scalars().all()
            elsewhen = (await tx.execute(ELSEWHEN)).scalar_one()
        if made:
            log.info("partitions of the history made", names=made)
        context.metrics.history_elsewhen.set(elsewhen)


async def every(context: Context, seconds: float, work: Callable[[Context], Awaitable[None]]) -> None:
    """At once and then so often, until the service stops; what passes by waiting is tried again the next time."""
    worked_at: float | None = None
    while not context.stopping():
        now = context.clock.monotonic()
        if worked_at is None or now - worked_at >= seconds:
            worked_at = now
            try:
                await work(context)
            except Transient as failure:
                log.warning("the history has to wait", reason=str(failure))
        await context.clock.sleep(min(STOP_POLL_S, seconds))
