"""Beside the judging: what rules did is written down and told as metrics, what failed is taken out of use."""

import structlog

from services.classifier.risk import editing, store
from services.classifier.risk.book import RuleBook
from shared.failures import Transient
from shared.handling import Context

log = structlog.get_logger(__name__)

EVERY_S = 0.5  # a rule that fails is told to the others within it; a crash loses the counts of as long
ITSELF = "haetae"  # the author of what nobody wrote


async def watch_rules(context: Context, *, book: RuleBook) -> None:
    while True:
        last = context.stopping()
        try:
            await _demote(context, book)
            await _count(context, book)
        except Transient as failure:
            log.warning("rules have to wait", reason=str(failure))
        if last:
            return
        await context.clock.sleep(EVERY_S)


async def _demote(context: Context, book: RuleBook) -> None:
    for (name, version), why in book.failed().items():
        async with context.database.transaction() as tx:
            await editing.demote(tx, name, version, ITSELF, f"it failed: {why}")
        book.written(name, version)
        log.error("a live rule failed and is in shadow now", alarm=True, rule=name, version=version, error=why)


async def _count(context: Context, book: RuleBook) -> None:
    counted = book.take_counts()
    if not counted:
        return
    for (name, _), counts in counted.items():
        for effect, number in counts.items():
            context.metrics.rules.labels(name, effect).inc(number)
    async with context.database.transaction() as tx:
        await store.count(tx, context.clock.now().date(), counted)
