"""Looks for cases whose time is over. They are destroyed only where the agency said so; else they are counted, so that
a person decides: the periods that are shipped were reviewed by no lawyer, and what is destroyed does not come back."""

import structlog

from services.evidence.custody.lines import SELF
from services.evidence.orders.placing import Wanted, place
from services.evidence.orders.planning import Planned, due
from services.evidence.orders.retention import Rules
from shared.database import Transaction
from shared.events import OrderKind
from shared.identity import identity
from shared.metrics import Metrics

log = structlog.get_logger()

EVERY_S = 3_600.0  # periods are days and years


async def look(tx: Transaction, rules: Rules, destroys: bool, metrics: Metrics) -> None:
    """Count what is due; with `destroys`, order its destruction. Several processes order it once."""
    over = await due(tx, rules, tx.clock.now())
    metrics.evidence_due.set(len(over))
    for one in over if destroys else ():
        # A try a day: what was refused, because of a hold that has ended since, comes again.
        order_id = identity("retention", one.case_id, tx.clock.now().date())
        await place(tx, order_id, ordered(one, SELF), tx.clock.now())
    if over:
        log.info("evidence is past its retention", cases=len(over), ordered_destroyed=destroys)


def ordered(one: Planned, by: str, why: str | None = None, basis: str | None = None) -> Wanted:
    kept = one.kept
    over = f"retention class {kept.kept_as}, over since {kept.due_at:%Y-%m-%d}" if kept.due_at else kept.kept_as
    return Wanted(one.case_id, OrderKind.DESTROY, by, why or over, basis or kept.source)
