"""Figures over all cases: notices that are under way, clocks that run, steps that are late."""

from datetime import timedelta

import sqlalchemy as sa

from services.notifier.ladder.store import Ladder
from services.notifier.store import HANDING, PLANNED, SENDING, WAITING, Delivery
from shared.database import Transaction
from shared.metrics import Metrics

UNDER_WAY = (PLANNED, WAITING, SENDING, HANDING)
LATE = timedelta(minutes=5)  # the timer looks every second: a step that is later says that it does not run


async def count(tx: Transaction, metrics: Metrics) -> None:
    of_states = sa.select(Delivery.state, sa.func.count().label("many")).where(Delivery.state.in_(UNDER_WAY))
    found = {row.state: row.many for row in await tx.execute(of_states.group_by(Delivery.state))}
    for state in UNDER_WAY:
        metrics.notices.labels(state).set(found.get(state, 0))
    running, expired = sa.func.sum(Ladder.running).label("running"), sa.func.sum(Ladder.expired).label("expired")
    ticking = sa.or_(Ladder.running > 0, Ladder.expired > 0)  # as the index has it: finished cases are most of them
    sums = (await tx.execute(sa.select(running, expired).where(ticking))).one()
    metrics.clocks.labels("running").set(sums.running or 0)
    metrics.clocks.labels("expired").set(sums.expired or 0)
    late = sa.select(sa.func.count()).where(Ladder.next_at < tx.clock.now() - LATE)
    metrics.steps_overdue.set(await tx.scalar(late) or 0)
