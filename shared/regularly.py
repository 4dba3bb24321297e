"""A background task that looks after its service's tables now and then."""

from collections.abc import Awaitable, Callable

import structlog

from shared.database import Transaction
from shared.failures import Transient
from shared.handling import Context

log = structlog.get_logger(__name__)

STOP_POLL_S = 0.5  # a stop is noticed within it


async def regularly(context: Context, every_s: float, work: Callable[[Transaction], Awaitable[object]]) -> None:
    """`work` in a transaction of its own, at once and then every `every_s` seconds, until the service stops."""
    worked_at: float | None = None
    while not context.stopping():
        now = context.clock.monotonic()
        if worked_at is None or now - worked_at >= every_s:
            worked_at = now
            try:
                async with context.database.transaction() as tx:
                    await work(tx)
            except Transient as failure:
                log.warning("has to wait", reason=str(failure))
        await context.clock.sleep(STOP_POLL_S)
