"""Entering a removal check, so that the scheduler finds it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.crawler.domain import Urgency
from services.crawler.frontier.looking import wake
from services.crawler.store import CheckRow
from shared.database import Transaction
from shared.events import CheckRequested
from shared.urls import host_of

# Who asks for a check waits for no earlier one of the case any more: after a long standstill each case is asked once.
DROP_EARLIER = sa.text("""
    DELETE FROM checks WHERE host = :host AND done_at IS NULL AND case_id = :case_id AND number < :number
""")


async def add_check(tx: Transaction, event: CheckRequested) -> None:
    host = host_of(event.finding.url)
    await wake(tx, host, event.due_at, Urgency.CHECK)
    await tx.execute(DROP_EARLIER, {"host": host, "case_id": event.case_id, "number": event.number})
    row = {
        "check_id": event.check_id,
        "case_id": event.case_id,
        "number": event.number,
        "host": host,
        "url": event.finding.url,
        "finding": event.finding.model_dump(mode="json"),
        "due_at": event.due_at,
    }
    await tx.execute(insert(CheckRow).values(row).on_conflict_do_nothing())
