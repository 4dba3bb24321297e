"""What became of an attempt, written down together with the event that tells it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.notifier.channels.form.handing import hand_over
from services.notifier.delivery.claims import Claimed
from services.notifier.delivery.ledger import take_back
from services.notifier.domain import Accepted, Bounce, Failed, Retry, Sent, decide
from services.notifier.ladder.advance import advance
from services.notifier.ladder.store import hold
from services.notifier.removal.checks import begin_watch
from services.notifier.removal.watching import Rhythm
from services.notifier.store import BOUNCED, SENDING, SENT, WAITING, Delivery, WatchRow
from shared.database import Transaction
from shared.events import NoticeBounced, NoticeSent
from shared.identity import identity
from shared.observing import took

Outcome = Accepted | Failed
Done = tuple[Claimed, Outcome]


async def record(tx: Transaction, done: Iterable[Done], attempts: int, rhythm: Rhythm) -> None:
    done = list(done)
    await hold(tx, (row.case_id for claimed, _ in done for row in claimed.rows))
    for claimed, outcome in done:
        await _mail(tx, claimed, outcome, attempts, rhythm)


async def _mail(tx: Transaction, claimed: Claimed, outcome: Outcome, attempts: int, rhythm: Rhythm) -> None:
    ours = [row for was in claimed.rows if (row := await _still_ours(tx, was, outcome)) is not None]
    if not ours:
        return
    alone = free = False
    match outcome:
        case Failed(reason, final=True) if claimed.together:  # none of its notices was refused, yet
            outcome, alone = Failed(reason), True
        case Accepted(answer) if claimed.together:
            outcome = Accepted(f"one of {len(claimed.rows)} in {claimed.carrier_id}: {answer}")
    if isinstance(outcome, Failed):
        free = not outcome.perhaps_taken and not await take_back(tx, ours[0])
        outcome = outcome if free else replace(outcome, reason=f"it may have arrived; {outcome.reason}")
    for row in ours:
        await _notice(tx, row, outcome, attempts, rhythm)
        if free:
            row.carrier_id = row.message_id if alone else None
        row.leased_by = row.leased_until = None


async def _still_ours(tx: Transaction, was: Delivery, outcome: Outcome) -> Delivery | None:
    """Whoever's lease ran out may still report an acceptance, but no failure: that is the next one's to say."""
    row = await tx.get(Delivery, was.notice_id, lock=True)
    if row is None or row.state == SENT:
        return None
    if isinstance(outcome, Failed) and (row.state, row.attempt) != (SENDING, was.attempt):
        return None
    return row


async def _notice(tx: Transaction, row: Delivery, outcome: Outcome, attempts: int, rhythm: Rhythm) -> None:
    match decide(outcome, row.attempt, attempts, tx.clock.now()):
        case Sent(receipt):
            if row.at_once:
                took("approved_to_accepted", row.approved_at, tx.clock.now())
            await sent(row, receipt, tx.clock.now(), rhythm, tx)
            await advance(tx, row.case_id)
        case Retry(at, reason, counted):
            row.state, row.next_attempt_at, row.receipt = WAITING, at, reason
            row.attempt -= 0 if counted else 1
            await advance(tx, row.case_id)  # meanwhile it may have been stopped, or its content be gone
        case Bounce(reason, by_hand=True):
            await hand_over(tx, row, reason)
        case Bounce(reason):
            await bounced(row, reason, tx.clock.now(), tx)


async def sent(row: Delivery, receipt: str, at: datetime, rhythm: Rhythm, tx: Transaction) -> None:
    """On record, told, and its content watched. `at`: what is told; clocks run from now."""
    row.state, row.receipt, row.sent_at = SENT, receipt, tx.clock.now()
    told = NoticeSent(
        case_id=row.case_id,
        notice_id=row.notice_id,
        recipient=row.letter().notice.recipient,
        message_id=row.message_id,
        receipt=receipt,
        attempt=row.attempt,
        sent_at=at,
    )
    tx.publish(told, id=identity("sent", row.notice_id))
    watch = await tx.get(WatchRow, row.case_id, lock=True)
    if watch is not None:
        begin_watch(watch, rhythm, tx)


async def bounced(row: Delivery, reason: str, at: datetime, tx: Transaction) -> None:
    row.state, row.receipt = BOUNCED, reason
    told = NoticeBounced(
        case_id=row.case_id,
        notice_id=row.notice_id,
        recipient=row.letter().notice.recipient,
        reason=reason,
        attempt=row.attempt,
        bounced_at=at,
    )
    tx.publish(told, id=identity("bounced", row.notice_id))
    await advance(tx, row.case_id)
