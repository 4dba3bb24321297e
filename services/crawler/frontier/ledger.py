"""Writing down what visits found: one transaction for many visits of many hosts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.crawler.domain import Priority, Urgency
from services.crawler.frontier import lease_rows, reported
from services.crawler.frontier.figures import tally
from services.crawler.frontier.in_hand import Finished
from services.crawler.frontier.known_links import NewLink
from services.crawler.frontier.looking import lock, wake
from services.crawler.frontier.new_links import add_links
from services.crawler.frontier.pacing import Pace
from services.crawler.removals import check_results
from services.crawler.visit import Checked, Visited
from shared.database import Transaction

# Whoever wrote the visit down first, wins: the address is due at another moment by then. Which moment is counted from
# now by the database's clock: by that of a machine that is ahead, it could be in a year.
UPDATE_PAGES = sa.text("""
    UPDATE frontier SET kind = given.kind, priority = given.priority,
        next_at = now() + given.after_s * interval '1 second',
        interval_s = given.interval_s, last_digest = given.digest, etag = given.etag,
        last_modified = given.last_modified, failures = given.failures, visits = visits + 1, problem = given.problem,
        cursor = coalesce(given.cursor, frontier.cursor)
    FROM unnest(CAST(:urls AS text[]), CAST(:due AS timestamptz[]), CAST(:kinds AS text[]),
        CAST(:priorities AS smallint[]), CAST(:after_s AS float[]), CAST(:intervals AS float[]),
        CAST(:digests AS text[]), CAST(:etags AS text[]), CAST(:last_modified AS text[]), CAST(:failures AS integer[]),
        CAST(:problems AS text[]), CAST(:cursors AS text[])) AS given (url, due_at, kind, priority, after_s,
        interval_s, digest, etag, last_modified, failures, problem, cursor)
    WHERE frontier.url = given.url AND frontier.next_at = given.due_at
""")

RENDERS = sa.text("UPDATE sites SET renders = true WHERE host = ANY(CAST(:hosts AS text[])) AND NOT renders")


@dataclass(frozen=True)
class Results:
    """What is written down together. `links`: those that may be new. `left`: the hosts that are let go."""

    finished: Sequence[Finished]
    links: Sequence[NewLink] = ()
    left: Mapping[str, Pace] = field(default_factory=dict)

    @property
    def hosts(self) -> set[str]:
        return {*(link.host for link in self.links), *(one.host for one in self.finished), *self.left}


async def record(tx: Transaction, results: Results, holder: UUID, max_pages: int) -> Sequence[NewLink]:
    """Gives the links that did not fit any more."""
    visited = [one.done for one in results.finished if isinstance(one.done, Visited)]
    checked = [one.done for one in results.finished if isinstance(one.done, Checked)]
    leading = reported.hosts_onward(visited)
    pages = await lock(tx, results.hosts | leading)
    for host in sorted(leading | {link.host for link in results.links if link.priority is Priority.REPORT}):
        await wake(tx, host, None, Urgency.REPORT)
    left_out = await add_links(tx, results.links, pages, max_pages) if results.links else ()
    if visited:
        await tx.execute(UPDATE_PAGES, _columns(visited, tx.clock.now()))
        await reported.settle(tx, visited)
    if checked:
        await check_results.write_down(tx, checked)
    if renders := sorted({visit.known.watched.site.host for visit in visited if visit.renders}):
        await tx.execute(RENDERS, {"hosts": renders})
    await tally(tx, results.finished)
    await lease_rows.give_back(tx, holder, results.left, lent=False)
    return left_out


def _columns(visited: Sequence[Visited], now: datetime) -> dict[str, list[Any]]:
    return {
        "urls": [visit.known.url for visit in visited],
        "due": [visit.known.next_at for visit in visited],
        "kinds": [visit.kind.value for visit in visited],
        "priorities": [int(visit.priority) for visit in visited],
        "after_s": [(visit.next_at - now).total_seconds() for visit in visited],
        "intervals": [visit.interval_s for visit in visited],
        "digests": [visit.digest for visit in visited],
        "etags": [visit.etag for visit in visited],
        "last_modified": [visit.last_modified for visit in visited],
        "failures": [visit.failures for visit in visited],
        "problems": [visit.problem for visit in visited],
        "cursors": [visit.cursor for visit in visited],
    }
