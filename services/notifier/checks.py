"""Removal checks of a case: asked for at the right time, one at a time."""

from datetime import datetime

from services.notifier.store import APPROVED, WATCHING, WatchRow
from services.notifier.watching import Rhythm
from shared.database import Transaction
from shared.events import CheckRequested
from shared.events.values import Finding
from shared.identity import identity


def begin_watch(row: WatchRow, rhythm: Rhythm, tx: Transaction) -> None:
    """A notice of the case was sent: the first one starts the checks."""
    row.notices_sent += 1
    if row.state == APPROVED:
        row.state = WATCHING
        request_check(row, rhythm.due(row.awaited, tx.clock.now()), tx)


def request_check(row: WatchRow, due_at: datetime, tx: Transaction) -> None:
    """Published now: the crawler holds it until it is due, so that no timer of ours can be lost."""
    check_id = identity("check", row.case_id, row.awaited)
    check = CheckRequested(
        case_id=row.case_id,
        check_id=check_id,
        number=row.awaited,
        finding=Finding.model_validate(row.finding),
        due_at=due_at,
    )
    tx.publish(check, id=identity("check-requested", check_id))
