"""An approval becomes deliveries; a check's answer becomes the next check, or the proof that the content is gone."""

from services.notifier.checks import request_check
from services.notifier.mail import Letter, Origin, Unsendable, compose
from services.notifier.store import APPROVED, REMOVED, WATCHING, Delivery, WatchRow, delivery, watch_of
from services.notifier.watching import Next, Rhythm, Verified, Watch, follow, gone
from shared.approvals import Approvals
from shared.database import Transaction
from shared.events import ContentChecked, RemovalVerified, ReviewDecided, Verdict
from shared.failures import Rejected
from shared.identity import identity


async def enqueue(event: ReviewDecided, tx: Transaction, *, origin: Origin, approvals: Approvals) -> None:
    """Only writes rows: the sender brings them out. Raises `Rejected` unless every notice is what was approved."""
    if event.verdict is not Verdict.APPROVED:
        return
    approvals.check(event.case_id, event.approved, event.seal)
    letters = [Letter.of(event.case_id, notice) for notice in event.approved]
    for letter in letters:
        _must_be_sendable(letter, origin, tx)
    if await tx.get(WatchRow, event.case_id, lock=True) is not None:
        await _must_be_known(letters, tx)
        return
    tx.add(watch_of(event, APPROVED))
    for letter in letters:
        tx.add(delivery(letter, origin.message_id(letter.notice_id), tx.clock.now()))


async def follow_up(event: ContentChecked, tx: Transaction, *, rhythm: Rhythm) -> None:
    """An answer that is not awaited (late, or heard before) changes nothing."""
    row = await tx.get(WatchRow, event.case_id, lock=True)
    if row is None:
        raise Rejected(f"check {event.number} of case {event.case_id} was answered, but the case is not watched")
    if row.state != WATCHING or event.number != row.awaited:
        return
    row.checks_done += 1
    watch = Watch(row.awaited, row.gone_in_a_row, row.first_gone_at)
    match follow(watch, gone(event.outcome, event.probes), event.checked_at, tx.clock.now(), rhythm):
        case Next(following, due_at):
            row.awaited, row.gone_in_a_row = following.awaited, following.gone_in_a_row
            row.first_gone_at = following.first_gone_at
            request_check(row, due_at, tx)
        case Verified(first_gone_at):
            row.state, row.gone_in_a_row = REMOVED, row.gone_in_a_row + 1
            removed = RemovalVerified(
                case_id=row.case_id,
                url=row.finding["url"],
                first_gone_at=first_gone_at,
                verified_at=event.checked_at,
                checks=row.checks_done,
            )
            tx.publish(removed, id=identity("removed", row.case_id))


def _must_be_sendable(letter: Letter, origin: Origin, tx: Transaction) -> None:
    try:
        compose(letter, origin, tx.clock.now())
    except Unsendable as problem:
        raise Rejected(
            f"notice {letter.notice_id} of case {letter.case_id} is not sent, nor any other of this approval: {problem}"
        ) from problem


async def _must_be_known(letters: list[Letter], tx: Transaction) -> None:
    """A case is decided once. The same approval again is nothing new; another one must not pass unseen."""
    for letter in letters:
        row = await tx.get(Delivery, letter.notice_id)
        if row is None or row.sha256 != letter.sha256:
            raise Rejected(f"case {letter.case_id} was decided before, without this notice {letter.notice_id}")
