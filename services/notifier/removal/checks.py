"""Removal checks of a case: asked for at the right time, one at a time, and again when no answer comes."""

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from services.notifier.removal.watching import Rhythm
from services.notifier.store import APPROVED, WATCHING, WatchRow
from shared.database import Transaction
from shared.events import CheckRequested
from shared.events.values import Finding
from shared.handling import Context
from shared.identity import identity
from shared.regularly import regularly

log = structlog.get_logger(__name__)

# A check is made within seconds of its time, behind many others within minutes: after an hour its answer is lost.
PATIENCE = timedelta(hours=1)
LOOK_S = 30.0
AT_ONCE = 500


def begin_watch(row: WatchRow, rhythm: Rhythm, tx: Transaction) -> None:
    """A notice of the case was sent: the first one starts the checks."""
    row.notices_sent += 1
    if row.state == APPROVED:
        row.state = WATCHING
        request_check(row, rhythm.due(row.step, tx.clock.now()), tx)


def request_check(row: WatchRow, due_at: datetime, tx: Transaction) -> None:
    """Published now: the crawler holds it until it is due, so that no timer of ours can be lost."""
    row.awaited_at = due_at
    check_id = identity("check", row.case_id, row.awaited)
    check = CheckRequested(
        case_id=row.case_id,
        check_id=check_id,
        number=row.awaited,
        finding=Finding.model_validate(row.finding),
        due_at=due_at,
    )
    tx.publish(check, id=identity("check-requested", check_id))


async def ask_again(tx: Transaction) -> int:
    """Ask for the next check where an answer is long overdue (it may lie among the dead letters); how many there were.

    The lost check stays unanswered: should its answer come after all, nobody awaits it any more. It uses up no step of
    the schedule.
    """
    now = tx.clock.now()
    overdue = (
        sa.select(WatchRow)
        .where(WatchRow.awaited_at < now - PATIENCE)
        .order_by(WatchRow.awaited_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = await tx.scalars(overdue)
    for row in rows:
        log.error("a removal check was not answered: asks for another", case_id=str(row.case_id), number=row.awaited)
        row.awaited += 1
        request_check(row, now, tx)
    return len(rows)


async def keep_asking(context: Context) -> None:
    """A background task: no watch waits for ever, whatever became of a check."""
    await regularly(context, LOOK_S, ask_again)
