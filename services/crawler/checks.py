"""Entering a removal check, so that the scheduler finds it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.crawler.store import CheckRow
from services.crawler.urls import host_of
from shared.database import Transaction
from shared.events import CheckRequested

# A finding may be of a host that is not watched any more; it is asked at the default pace then.
LOOK_AT_HOST = sa.text("""
    INSERT INTO hosts (host, next_allowed_at, look_at) VALUES (:host, :now, :due_at)
    ON CONFLICT (host) DO UPDATE SET look_at = least(hosts.look_at, excluded.look_at)
""")

# Who asks for a check waits for no earlier one of the case any more: after a long standstill each case is asked once.
DROP_EARLIER = sa.text("""
    DELETE FROM checks WHERE host = :host AND done_at IS NULL AND leased_until IS NULL
        AND case_id = :case_id AND number < :number
""")


async def add_check(tx: Transaction, event: CheckRequested) -> None:
    host = host_of(event.finding.url)
    await tx.execute(LOOK_AT_HOST, {"host": host, "now": tx.clock.now(), "due_at": event.due_at})
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
