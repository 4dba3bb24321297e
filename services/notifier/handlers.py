"""An approval becomes deliveries, if every notice is what was approved."""

from collections.abc import Callable, Mapping
from uuid import UUID

import sqlalchemy as sa

from services.notifier.channels.port import Channel, Letter, Unsendable
from services.notifier.ladder.advance import advance
from services.notifier.ladder.store import declined, hold
from services.notifier.store import APPROVED, Delivery, WatchRow, delivery, watch_of
from shared.approvals import Approvals
from shared.database import Transaction
from shared.events import NoticeWithdrawn, ReviewDecided, Verdict
from shared.failures import Rejected
from shared.identity import identity

Channels = Mapping[str, Channel]


async def enqueue(
    event: ReviewDecided,
    tx: Transaction,
    *,
    channels: Channels,
    message_id: Callable[[UUID], str],
    approvals: Approvals,
) -> None:
    """Only writes rows: the sender brings them out. Raises `Rejected` unless every notice is what was approved.

    `message_id`: names a notice.
    """
    approvals.check(event)
    if event.verdict is not Verdict.APPROVED:
        return await _refuse(event, tx)
    for notice in event.approved:
        _must_be_sendable(Letter(event.case_id, notice), channels, tx)
    await hold(tx, [event.case_id])
    if await _known(event, tx):
        return
    if event.until is not None and tx.clock.now() > event.until:
        return _expired(event, tx)
    if await tx.get(WatchRow, event.case_id, lock=True) is None:
        tx.add(watch_of(event, APPROVED))
    for notice in event.approved:
        tx.add(delivery(event, notice, message_id(notice.notice_id), tx.clock.now()))
    await advance(tx, event.case_id)


async def _refuse(event: ReviewDecided, tx: Transaction) -> None:
    """Nothing is sent. A further round that nobody wants is not waited for any more."""
    if event.round:
        await declined(tx, event.case_id, event.round)
        await advance(tx, event.case_id)


def _must_be_sendable(letter: Letter, channels: Channels, tx: Transaction) -> None:
    notice = letter.notice
    try:
        if (channel := channels.get(notice.recipient.channel)) is None:
            raise Unsendable(f"no channel is called {notice.recipient.channel!r}")
        if notice.missing:
            raise Unsendable(f"it lacks {', '.join(notice.missing)}")
        channel.check(letter, tx.clock.now())
    except Unsendable as problem:
        raise Rejected(
            f"notice {notice.notice_id} of case {letter.case_id} is not sent, nor any other of this approval: {problem}"
        ) from problem


async def _known(event: ReviewDecided, tx: Transaction) -> bool:
    """A round is decided once. The same approval again is nothing new; another one must not pass unseen."""
    rows = [await tx.get(Delivery, notice.notice_id) for notice in event.approved]
    if not any(rows) and not await _decided(event, tx):
        return False
    for notice, row in zip(event.approved, rows, strict=True):
        if row is None or row.sha256 != notice.sha256:
            raise Rejected(
                f"round {event.round} of case {event.case_id} was decided before, without notice {notice.notice_id}"
            )
    return True


async def _decided(event: ReviewDecided, tx: Transaction) -> bool:
    same = sa.select(Delivery).where(Delivery.case_id == event.case_id, Delivery.round == event.round).limit(1)
    return bool(await tx.scalars(same))


def _expired(event: ReviewDecided, tx: Transaction) -> None:
    """The policy that approved them is over: said, and nothing is sent."""
    for notice in event.approved:
        withdrawn = NoticeWithdrawn(
            case_id=event.case_id,
            notice_id=notice.notice_id,
            why="expired",
            by=f"policy {event.policy}",
            withdrawn_at=tx.clock.now(),
        )
        # A person may approve it after all, and it may be withdrawn again.
        tx.publish(withdrawn, id=identity("withdrawn", notice.notice_id, "expired"))
