"""What officials say of approved notices: handed in by a form, not possible there, or not to be sent after all."""

import sqlalchemy as sa

from services.notifier.answers import Answer, note
from services.notifier.ladder.advance import advance
from services.notifier.removal.checks import begin_watch
from services.notifier.removal.watching import Rhythm
from services.notifier.store import BOUNCED, HANDING, PLANNED, SENT, WAITING, WITHDRAWN, Delivery, WatchRow
from shared.database import Transaction
from shared.events import (
    AnswerKind,
    HandedOver,
    NoticeBounced,
    NoticeSent,
    NoticesStopped,
    NoticeWithdrawn,
)
from shared.failures import Rejected
from shared.identity import identity
from shared.text import one_line

CHANNEL, PROVEN_BY = "form", "person"
STOPPED = "stopped"
# What is under way is the sender's: it may be taken while it is stopped.
STOPPABLE = (PLANNED, WAITING, HANDING)
MAX_RECEIPT = 500  # characters


async def handed_over(event: HandedOver, tx: Transaction, *, rhythm: Rhythm) -> None:
    """One that was told of before, or withdrawn meanwhile, changes nothing. Raises `Rejected` for no such notice."""
    row = await tx.get(Delivery, event.notice_id, lock=True)
    if row is None or row.case_id != event.case_id:
        raise Rejected(f"notice {event.notice_id} of case {event.case_id} was handed over, but never approved")
    if row.state != HANDING:
        return
    row.attempt += 1
    if event.failed:
        return await _failed(event, row, tx)
    receipt = one_line(event.receipt, MAX_RECEIPT)
    row.state, row.receipt, row.sent_at = SENT, receipt, tx.clock.now()
    sent = NoticeSent(
        case_id=row.case_id,
        notice_id=row.notice_id,
        recipient=row.letter().notice.recipient,
        message_id=row.message_id,
        receipt=receipt or f"handed in by {event.by}",
        attempt=row.attempt,
        sent_at=event.handed_at,
    )
    tx.publish(sent, id=identity("sent", row.notice_id))
    if (watch := await tx.get(WatchRow, row.case_id, lock=True)) is not None:
        begin_watch(watch, rhythm, tx)
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
    """What was sent before stays sent, and its case is watched."""
    mine = sa.select(Delivery).where(Delivery.case_id == event.case_id, Delivery.state.in_(STOPPABLE))
    if event.notices:
        mine = mine.where(Delivery.notice_id.in_(event.notices))
    for row in await tx.scalars(mine.order_by(Delivery.notice_id).with_for_update()):
        row.state = WITHDRAWN
        withdrawn = NoticeWithdrawn(
            case_id=row.case_id, notice_id=row.notice_id, why=STOPPED, by=event.by, withdrawn_at=event.stopped_at
        )
        tx.publish(withdrawn, id=identity("withdrawn", row.notice_id))
    await advance(tx, event.case_id)


async def _failed(event: HandedOver, row: Delivery, tx: Transaction) -> None:
    row.state, row.receipt = BOUNCED, one_line(event.failed, MAX_RECEIPT)
    bounced = NoticeBounced(
        case_id=row.case_id,
        notice_id=row.notice_id,
        recipient=row.letter().notice.recipient,
        reason=row.receipt,
        attempt=row.attempt,
        bounced_at=event.handed_at,
    )
    tx.publish(bounced, id=identity("bounced", row.notice_id))
    await advance(tx, row.case_id)
