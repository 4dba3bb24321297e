"""An address that a victim, or an officer for them, reports: it is visited before everything else."""

import sqlalchemy as sa

from services.crawler.domain import PageKind, Priority, Urgency
from services.crawler.frontier.looking import wake
from shared.database import Transaction
from shared.failures import Rejected
from shared.urls import canonical, host_of

ADD = sa.text("""
    INSERT INTO frontier (url, host, kind, priority, next_at) VALUES (:url, :host, :kind, :priority, now())
    ON CONFLICT (url) DO UPDATE SET priority = excluded.priority, next_at = excluded.next_at
    RETURNING xmax = 0 AS is_new
""")
COUNT = sa.text("UPDATE hosts SET pages = pages + 1 WHERE host = :host")


async def add_report(tx: Transaction, url: str) -> str:
    """Enter it, due now; a host that is not in the list of sites is visited all the same, at the default pace. Gives
    the address in its one spelling. Raises `Rejected` for what is no web address."""
    known_as = canonical(url)
    if known_as is None:
        raise Rejected(f"{url!r} is no address of a page; give one that begins with http:// or https://")
    host = host_of(known_as)
    await wake(tx, host, None, Urgency.REPORT)
    row = {"url": known_as, "host": host, "kind": PageKind.UNKNOWN.value, "priority": int(Priority.REPORT)}
    if (await tx.execute(ADD, row)).scalar_one():
        await tx.execute(COUNT, {"host": host})
    return known_as
