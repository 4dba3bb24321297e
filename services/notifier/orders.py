"""What officials say of approved notices: handed in by a form, not possible there, or not to be sent after all."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.notifier.answers import Answer, note
from services.notifier.delivery.outcomes import bounced, sent
from services.notifier.ladder.advance import advance
from services.notifier.ladder.store import hold
from services.notifier.removal.watching import Rhythm
from services.notifier.store import HANDING, Delivery, StopRow
from shared.database import Transaction
from shared.events import (
    AnswerKind,
    HandedOver,
    NoticesStopped,
)
from shared.failures import Rejected
from shared.text import one_line

CHANNEL, PROVEN_BY = "form", "person"
MAX_RECEIPT = 500  # characters


async def handed_over(event: HandedOver, tx: Transaction, *, rhythm: Rhythm) -> None:
    """One that was told of before, or withdrawn meanwhile, changes nothing. Raises `Rejected` for no such notice."""
    await hold(tx, [event.case_id])
    row = await tx.get(Delivery, event.notice_id, lock=True)
    if row is None or row.case_id != event.case_id:
        raise Rejected(f"notice {event.notice_id} of case {event.case_id} was handed over, but never approved")
    if row.state != HANDING:
        return
    row.attempt += 1
    if event.failed:
        return await bounced(row, one_line(event.failed, MAX_RECEIPT), event.handed_at, tx)
    receipt = one_line(event.receipt, MAX_RECEIPT)
    await sent(row, receipt or f"handed in by {event.by}", event.handed_at, rhythm, tx)
    answer = Answer(
        source=f"form:{row.notice_id}",
        kind=AnswerKind.RECEIPT,
        ticket=receipt,
        words=receipt,
        channel=CHANNEL,
        at=event.handed_at,
        how=PROVEN_BY,
    )
    await note(tx, row.case_id, row.notice_id, answer)


async def stopped(event: NoticesStopped, tx: Transaction) -> None:
    """Remembered: what is under way may fail and be tried again, and an approval that lay among the dead letters may be
    taken up later. What was sent before stays sent, and its case is watched."""
    await hold(tx, [event.case_id])
    notices = event.notices or await tx.scalars(sa.select(Delivery.notice_id).where(Delivery.case_id == event.case_id))
    rows = [{"notice_id": one, "case_id": event.case_id, "by": event.by, "at": event.stopped_at} for one in notices]
    if rows:
        await tx.execute(insert(StopRow).values(rows).on_conflict_do_nothing())
    await advance(tx, event.case_id)
