"""A check's answer becomes the next check, the proof that the content is gone, or the news that it is back."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.notifier.ladder.advance import advance
from services.notifier.ladder.store import asked as remember_asked
from services.notifier.ladder.store import held, hold, read
from services.notifier.removal.checks import request_check
from services.notifier.removal.guarding import Again, Back, Guard, Over, keep_guard, sight
from services.notifier.removal.watching import Next, Rhythm, Verified, Watch, follow, gone
from services.notifier.rounds import next_round
from services.notifier.store import APPROVED, REMOVED, SENT, WATCHING, Delivery, WatchRow
from shared.database import Transaction
from shared.events import (
    ContentChecked,
    ContentReappeared,
    CustodyAction,
    CustodyNoted,
    FollowUpAsked,
    RemovalVerified,
)
from shared.failures import Rejected
from shared.identity import identity
from shared.observing import took

WHY = "reappeared"  # why a round was asked for
FIRST_SENT = sa.select(sa.func.min(Delivery.sent_at))


async def follow_up(event: ContentChecked, tx: Transaction, *, rhythm: Rhythm) -> None:
    """An answer that is not awaited (late, or heard before) changes nothing."""
    await hold(tx, [event.case_id])
    row = await tx.get(WatchRow, event.case_id, lock=True)
    if row is None:
        raise Rejected(f"check {event.number} of case {event.case_id} was answered, but the case is not watched")
    if row.state == APPROVED or row.awaited_at is None or event.number != row.awaited:
        return
    row.checks_done += 1
    took("check_due_to_answered", row.awaited_at, event.checked_at)
    if row.state == WATCHING:
        await _watch(row, event, rhythm, tx)
    else:
        await _guard(row, event, rhythm, tx)
    await advance(tx, row.case_id)


async def _watch(row: WatchRow, event: ContentChecked, rhythm: Rhythm, tx: Transaction) -> None:
    watch = Watch(row.awaited, row.gone_in_a_row, row.first_gone_at, row.step)
    match follow(watch, gone(event.outcome, event.probes), event.checked_at, tx.clock.now(), rhythm):
        case Next(following, due_at):
            row.awaited, row.gone_in_a_row = following.awaited, following.gone_in_a_row
            row.first_gone_at, row.step = following.first_gone_at, following.step
            request_check(row, due_at, tx)
        case Verified(first_gone_at):
            if sent_at := await tx.scalar(FIRST_SENT.where(Delivery.case_id == row.case_id)):
                took("sent_to_removed", sent_at, event.checked_at)
            await _removed(row, first_gone_at, event.checked_at, rhythm, tx)


async def _removed(row: WatchRow, first_gone_at: datetime, at: datetime, rhythm: Rhythm, tx: Transaction) -> None:
    """The checks go on with the rest of the schedule: content comes back."""
    row.state, row.gone_in_a_row, row.removed_at, row.back_at = REMOVED, row.gone_in_a_row + 1, at, None
    removed = RemovalVerified(
        case_id=row.case_id,
        url=row.finding["url"],
        first_gone_at=first_gone_at,
        verified_at=at,
        checks=row.checks_done,
    )
    tx.publish(removed, id=identity("removed", row.case_id, row.reappeared))
    if rhythm.guard_s:
        row.awaited, row.step = row.awaited + 1, row.step + 1
        request_check(row, rhythm.due(row.step, tx.clock.now()), tx)
    else:
        _end(row)


async def _guard(row: WatchRow, event: ContentChecked, rhythm: Rhythm, tx: Transaction) -> None:
    guard = Guard(row.awaited, row.step, row.removed_at or event.checked_at, row.back_at)
    seen = sight(event.outcome, event.probes)
    match keep_guard(guard, seen, event.checked_at, tx.clock.now(), rhythm):
        case Again(following, due_at):
            row.awaited, row.step, row.back_at = following.awaited, following.step, following.back_at
            request_check(row, due_at, tx)
        case Back(seen_at):
            await _reappeared(row, guard.removed_at, seen_at, rhythm, tx)
        case Over():
            _end(row)


async def _reappeared(row: WatchRow, removed_at: datetime, seen_at: datetime, rhythm: Rhythm, tx: Transaction) -> None:
    """Watched again from the schedule's beginning, and the notices that it needs are asked for."""
    now = tx.clock.now()
    row.state, row.reappeared = WATCHING, row.reappeared + 1
    row.gone_in_a_row, row.first_gone_at, row.removed_at, row.back_at = 0, None, None, None
    row.awaited, row.step = row.awaited + 1, 1
    back = ContentReappeared(
        case_id=row.case_id,
        url=row.finding["url"],
        removed_at=removed_at,
        seen_at=seen_at,
        number=row.reappeared,
    )
    tx.publish(back, id=identity("reappeared", row.case_id, row.reappeared))
    if not await _awaits_review(row, tx):
        await _ask(row, tx, now)
    request_check(row, rhythm.due(row.step, now), tx)


async def _awaits_review(row: WatchRow, tx: Transaction) -> bool:
    """Who takes content away and puts it back again and again is written to once, not once for each time."""
    decided = set(await tx.scalars(sa.select(Delivery.round).where(Delivery.case_id == row.case_id)))
    return any(
        one.why == WHY and not one.declined and one.round not in decided for one in read(await held(tx, row.case_id))
    )


async def _ask(row: WatchRow, tx: Transaction, now: datetime) -> None:
    asked = FollowUpAsked(
        case_id=row.case_id,
        round=await next_round(tx, row.case_id),
        why=WHY,
        url=row.finding["url"],
        notices=await _sent(row, tx),
        log=(),
        asked_at=now,
    )
    tx.publish(asked, id=identity("follow-up", row.case_id, asked.round))
    await remember_asked(tx, row.case_id, asked.round, asked.why, now)


async def _sent(row: WatchRow, tx: Transaction) -> tuple[UUID, ...]:
    """The notices that the recipients have, in the order in which they got them."""
    sent = sa.select(Delivery).where(Delivery.case_id == row.case_id, Delivery.state == SENT)
    return tuple(one.notice_id for one in await tx.scalars(sent.order_by(Delivery.sent_at, Delivery.notice_id)))


def _end(row: WatchRow) -> None:
    """Nobody looks any more: what the page said is kept no longer."""
    row.awaited_at = None
    _without_words(row)


def _without_words(row: WatchRow) -> None:
    row.finding = {**row.finding, "title": "", "excerpt": ""}


async def forget(event: CustodyNoted, tx: Transaction) -> None:
    """Evidence was destroyed: the page's words go here too. It is still looked for, by addresses and hashes: the check
    that is out gives way to one that has no words."""
    if event.action is not CustodyAction.DESTROYED or (row := await tx.get(WatchRow, event.case_id, lock=True)) is None:
        return
    _without_words(row)
    if row.awaited_at is not None:
        row.awaited += 1
        request_check(row, row.awaited_at, tx)
