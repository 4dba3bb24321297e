"""Which sites are watched: reading the agency's list, and entering it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.crawler.domain import PageKind, Priority
from services.crawler.site_lines import SiteLine, parse_sites
from services.crawler.store import FrontierRow, HostRow, SiteRow
from shared.clock import Clock, SystemClock
from shared.database import Database, Transaction

__all__ = ["SiteLine", "import_sites", "parse_sites"]

CHUNK = 500  # sites in a transaction: short enough to hold up no scheduler
Progress = Callable[[int, int], None]  # done, of

RECOUNT = sa.text("""
    UPDATE hosts SET look_at = least(look_at, :now),
        pages = (SELECT count(*) FROM frontier WHERE frontier.host = hosts.host)
    WHERE host = ANY(:hosts)
""")


async def import_sites(
    database: Database, sites: Sequence[SiteLine], progress: Progress | None = None, clock: Clock | None = None
) -> None:
    """Enter the sites, or what is new of those that are known, and make their start pages due now."""
    clock = clock or SystemClock()
    for start in range(0, len(sites), CHUNK):
        async with database.transaction() as tx:
            await _enter(tx, sites[start : start + CHUNK], clock)
        if progress:
            progress(min(start + CHUNK, len(sites)), len(sites))


async def _enter(tx: Transaction, sites: Sequence[SiteLine], clock: Clock) -> None:
    now = clock.now()
    hosts = sorted(site.host for site in sites)
    entering_hosts = insert(HostRow).values([{"host": host, "next_allowed_at": now} for host in hosts])
    await tx.execute(entering_hosts.on_conflict_do_nothing())
    entering = insert(SiteRow).values([asdict(site) for site in sites])
    kept = {name: entering.excluded[name] for name in asdict(sites[0]) if name != "host"}
    await tx.execute(entering.on_conflict_do_update(index_elements=["host"], set_=kept))
    starts = [
        {
            "url": site.start_url,
            "host": site.host,
            "kind": PageKind.START.value,
            "priority": int(Priority.LISTING),
            "next_at": now,
        }
        for site in sites
    ]
    begin = insert(FrontierRow).values(starts)
    due = {"kind": PageKind.START.value, "priority": int(Priority.LISTING), "next_at": now}
    await tx.execute(begin.on_conflict_do_update(index_elements=["url"], set_=due))
    await tx.execute(RECOUNT, {"now": now, "hosts": hosts})
