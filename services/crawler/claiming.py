"""Claiming what is due, host by host: who holds a host's row decides for that host alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.database import Transaction
from shared.events import CrawlDue, Visit

HOSTS_AT_ONCE = 64
IN_FLIGHT = 2  # visits of a host at a time: one that is slow must not stop the host, politeness needs no more
# How long a dispatched visit may take to begin; whoever has begun renews it. After a crash it is due again then.
LEASE = timedelta(seconds=15)
# A host that is due but had nothing to give (all in flight): looked at again after it, or when a visit ends.
LOOK_AGAIN = timedelta(milliseconds=100)
PAUSED = timedelta(seconds=10)  # how soon it is noticed that a paused site was resumed

LOCK_HOSTS = sa.text("""
    SELECT host FROM hosts WHERE look_at <= :now ORDER BY look_at LIMIT :most FOR UPDATE SKIP LOCKED
""")

# The most urgent due address of each host that has less than `in_flight` visits out. Checks (priority 0) are made even
# where a site is paused: the agency owes them to the case.
PICK = sa.text("""
    WITH wanted AS (SELECT unnest(CAST(:hosts AS text[])) AS host),
    out AS (
        SELECT host, count(*) AS visits FROM (
            SELECT host FROM frontier JOIN wanted USING (host) WHERE leased_until > :now
            UNION ALL
            SELECT host FROM checks JOIN wanted USING (host) WHERE leased_until > :now
        ) AS leased GROUP BY host
    )
    SELECT DISTINCT ON (wanted.host)
        wanted.host, due.url, due.due_at, due.visits, due.check_id, sites.requests_per_second
    FROM wanted
    LEFT JOIN sites USING (host)
    LEFT JOIN out USING (host)
    CROSS JOIN LATERAL (
        (SELECT 0 AS priority, url, due_at, 0 AS visits, check_id FROM checks
         WHERE host = wanted.host AND done_at IS NULL AND due_at <= :now
           AND (leased_until IS NULL OR leased_until <= :now)
         ORDER BY due_at LIMIT 1)
        UNION ALL
        (SELECT page.* FROM (VALUES (1), (2), (3), (4)) AS urgency (priority) CROSS JOIN LATERAL (
            SELECT priority, url, next_at, visits, CAST(NULL AS uuid) FROM frontier
            WHERE host = wanted.host AND priority = urgency.priority AND next_at <= :now
              AND (leased_until IS NULL OR leased_until <= :now) AND NOT sites.paused
            ORDER BY next_at LIMIT 1
        ) AS page)
    ) AS due
    WHERE coalesce(out.visits, 0) < :in_flight
    ORDER BY wanted.host, due.priority
""")

LEASE_PAGES = sa.text("UPDATE frontier SET leased_until = :until WHERE url = ANY(:urls)")
LEASE_CHECKS = sa.text("UPDATE checks SET leased_until = :until WHERE check_id = ANY(:ids)")

PACE = sa.text("""
    UPDATE hosts SET next_allowed_at = given.at, look_at = given.at
    FROM unnest(CAST(:hosts AS text[]), CAST(:moments AS timestamptz[])) AS given (host, at)
    WHERE hosts.host = given.host
""")

# Nothing to do now: look again when the first address is due, or the first lease runs out.
REST = sa.text("""
    UPDATE hosts SET look_at = greatest(
        next_allowed_at,
        CASE WHEN EXISTS (SELECT FROM sites WHERE sites.host = hosts.host AND paused) THEN :later ELSE :soon END,
        least(
            (SELECT min(first.next_at) FROM (VALUES (1), (2), (3), (4)) AS urgency (priority) CROSS JOIN LATERAL (
                SELECT next_at FROM frontier
                WHERE frontier.host = hosts.host AND frontier.priority = urgency.priority AND leased_until IS NULL
                ORDER BY next_at LIMIT 1
            ) AS first),
            (SELECT min(leased_until) FROM frontier WHERE frontier.host = hosts.host AND leased_until IS NOT NULL),
            (SELECT min(coalesce(leased_until, due_at)) FROM checks WHERE checks.host = hosts.host AND done_at IS NULL)
        )
    )
    WHERE host = ANY(:hosts)
""")

NEXT_LOOK = sa.text("SELECT min(look_at) FROM hosts")


@dataclass(frozen=True)
class Claim:
    """What is due now, leased; and when to look again (None: not before something changes)."""

    due: Sequence[CrawlDue]
    next_look: datetime | None


async def claim(tx: Transaction, now: datetime, default_gap_s: float) -> Claim:
    hosts = (await tx.execute(LOCK_HOSTS, {"now": now, "most": HOSTS_AT_ONCE})).scalars().all()
    picked: Sequence[Any] = []
    if hosts:
        picked = (await tx.execute(PICK, {"hosts": hosts, "now": now, "in_flight": IN_FLIGHT})).all()
        await _lease(tx, picked, now)
        await _pace(tx, picked, now, default_gap_s)
        resting = sorted(set(hosts) - {row.host for row in picked})
        if resting:
            await tx.execute(REST, {"hosts": resting, "soon": now + LOOK_AGAIN, "later": now + PAUSED})
    next_look = (await tx.execute(NEXT_LOOK)).scalar()
    return Claim([_due(row) for row in picked], next_look)


async def _lease(tx: Transaction, picked: Sequence[Any], now: datetime) -> None:
    urls = sorted(row.url for row in picked if row.check_id is None)
    if urls:
        await tx.execute(LEASE_PAGES, {"urls": urls, "until": now + LEASE})
    checks = sorted(row.check_id for row in picked if row.check_id is not None)
    if checks:
        await tx.execute(LEASE_CHECKS, {"ids": checks, "until": now + LEASE})


async def _pace(tx: Transaction, picked: Sequence[Any], now: datetime, default_gap_s: float) -> None:
    if not picked:
        return
    gaps = [1 / row.requests_per_second if row.requests_per_second else default_gap_s for row in picked]
    moments = [now + timedelta(seconds=gap) for gap in gaps]
    await tx.execute(PACE, {"hosts": [row.host for row in picked], "moments": moments})


def _due(row: Any) -> CrawlDue:  # noqa: ANN401  # a row of PICK
    visit = Visit.CHECK if row.check_id else Visit.REVISIT if row.visits else Visit.FIRST
    check_id: UUID | None = row.check_id
    return CrawlDue(url=row.url, host=row.host, visit=visit, due_at=row.due_at, check_id=check_id)
