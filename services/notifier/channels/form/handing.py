"""When a notice for a form is due, a person is asked to hand it in."""

import sqlalchemy as sa
import structlog

from services.notifier.channels.form.channel import CHANNEL
from services.notifier.domain import MAX_ANSWER
from services.notifier.ladder.advance import advance
from services.notifier.ladder.store import hold
from services.notifier.store import HANDING, WAITING, Delivery
from shared.database import Transaction
from shared.events import HandOverDue
from shared.handling import Context
from shared.identity import identity
from shared.regularly import regularly

log = structlog.get_logger(__name__)

LOOK_S = 1.0
AT_ONCE = 100


async def hand_over(tx: Transaction, row: Delivery, why: str = "") -> None:
    """`why`: what kept a machine from it; empty where there is only a form."""
    now = tx.clock.now()
    row.state, row.receipt, row.next_attempt_at = HANDING, why or row.receipt, now
    due = HandOverDue(case_id=row.case_id, notice_id=row.notice_id, due_at=now, why=why[:MAX_ANSWER])
    tx.publish(due, id=identity("hand-over", row.notice_id))
    log.info("a notice waits for a person", case_id=str(row.case_id), notice_id=str(row.notice_id))
    await advance(tx, row.case_id)


async def hand_over_due(tx: Transaction) -> int:
    """How many there were."""
    due = sa.and_(Delivery.channel == CHANNEL, Delivery.state == WAITING, Delivery.next_attempt_at <= tx.clock.now())
    cases = sa.select(Delivery.case_id).where(due).order_by(Delivery.next_attempt_at).limit(AT_ONCE)
    await hold(tx, found := await tx.scalars(cases))
    mine = sa.select(Delivery).where(due, Delivery.case_id.in_(found)).order_by(Delivery.case_id, Delivery.notice_id)
    rows = await tx.scalars(mine.with_for_update())
    for row in rows:
        await hand_over(tx, row)
    return len(rows)


async def keep_handing(context: Context) -> None:
    """A background task."""
    await regularly(context, LOOK_S, hand_over_due)
