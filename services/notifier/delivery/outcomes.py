"""What became of an attempt, written down together with the event that tells it."""

from services.notifier.domain import Accepted, Bounce, Failed, Retry, Sent, decide
from services.notifier.ladder.advance import advance
from services.notifier.removal.checks import begin_watch
from services.notifier.removal.watching import Rhythm
from services.notifier.store import BOUNCED, SENDING, SENT, WAITING, Delivery, WatchRow
from shared.database import Database, Transaction
from shared.events import NoticeBounced, NoticeSent
from shared.identity import identity


async def record(
    claimed: Delivery, outcome: Accepted | Failed, attempts: int, rhythm: Rhythm, database: Database
) -> None:
    """Whoever's lease ran out may still report an acceptance, but no failure: that is the next one's to say."""
    async with database.transaction() as tx:
        row = await tx.get(Delivery, claimed.notice_id, lock=True)
        if row is None or row.state == SENT:
            return
        if isinstance(outcome, Failed) and (row.state, row.attempt) != (SENDING, claimed.attempt):
            return
        match decide(outcome, claimed.attempt, attempts, tx.clock.now()):
            case Sent(receipt):
                await _sent(row, receipt, claimed.attempt, rhythm, tx)
            case Retry(at, reason, counted):
                row.state, row.next_attempt_at, row.receipt = WAITING, at, reason
                row.attempt -= 0 if counted else 1
            case Bounce(reason):
                await _bounced(row, reason, tx)
        row.leased_by = row.leased_until = None


async def _sent(row: Delivery, receipt: str, attempt: int, rhythm: Rhythm, tx: Transaction) -> None:
    row.state, row.receipt, row.sent_at = SENT, receipt, tx.clock.now()
    sent = NoticeSent(
        case_id=row.case_id,
        notice_id=row.notice_id,
        recipient=row.letter().notice.recipient,
        message_id=row.message_id,
        receipt=receipt,
        attempt=attempt,
        sent_at=tx.clock.now(),
    )
    tx.publish(sent, id=identity("sent", row.notice_id))
    watch = await tx.get(WatchRow, row.case_id, lock=True)
    if watch is not None:
        begin_watch(watch, rhythm, tx)
    await advance(tx, row.case_id)


async def _bounced(row: Delivery, reason: str, tx: Transaction) -> None:
    row.state, row.receipt = BOUNCED, reason
    bounced = NoticeBounced(
        case_id=row.case_id,
        notice_id=row.notice_id,
        recipient=row.letter().notice.recipient,
        reason=reason,
        attempt=row.attempt,
        bounced_at=tx.clock.now(),
    )
    tx.publish(bounced, id=identity("bounced", row.notice_id))
    await advance(tx, row.case_id)
