"""Claiming what is due, host by host: who holds a host's lease may ask it, and nobody else.

All moments are the database's: crawlers on machines whose clocks differ agree on what is due and whose lease is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.crawler.frontier.looking import GAP, let_go
from services.crawler.frontier.pace import DEFAULT_GAP_S, FAILURES_THAT_BREAK
from shared.database import Transaction
from shared.events import CrawlDue, DueVisit, Visit
from shared.identity import identity

HOSTS_AT_ONCE = 256
# Dispatched and in nobody's hand yet. More would wait in the broker until their leases run out.
MOST_WAITING = 512
# A host's visits in one hand: about so many seconds at its pace, so that a check or a report that becomes due waits no
# longer; at least one, and not so many that one record becomes large.
HAND_S, MOST_VISITS = 5.0, 64
# How long a host is held without a sign of life. A killed process's hosts are due again after it and their gap.
LEASE = timedelta(seconds=12)

LOCK_HOSTS = sa.text("""
    SELECT due.host FROM (VALUES (0), (1), (2), (3)) AS rank (urgency) CROSS JOIN LATERAL (
        SELECT host FROM hosts
        WHERE hosts.urgency = rank.urgency AND look_at <= now()
            AND (leased_until IS NULL OR leased_until <= now()) AND (wanted_until IS NULL OR wanted_until <= now())
        ORDER BY look_at LIMIT :most FOR UPDATE SKIP LOCKED
    ) AS due
    -- Schedulers that claim at the same moment go beyond it together.
    LIMIT greatest(0, least(:most, :most_waiting - (SELECT count(*) FROM hosts WHERE waiting AND leased_until > now())))
""")

# The most urgent due addresses of each host. Reports (priority 0) and checks are made even where a site is paused, not
# listed, rests, or has had its day's visits: the agency owes them to a person. Of a broken host one: the probe.
# Of eight hands two begin with new addresses and one with known ones (drawn by the host's visits): a site with more
# feeds, or a calendar with more days, than can be visited would otherwise keep the rest waiting for ever.
# OFFSET 0, here and elsewhere: each site by its key. The planner would rather read all of them.
PICK = sa.text("""
    WITH wanted AS (
        SELECT hosts.host, coalesce(paused, true) OR coalesce(hold_off_until > now(), false) AS paused,
            CASE WHEN failures >= :breaks THEN 1
                ELSE least(:most_visits, greatest(1, :hand_s / coalesce(gap_s, 1 / requests_per_second, :gap_s)))::int
                END AS most,
            visits_per_day - CASE WHEN day = (now() AT TIME ZONE 'UTC')::date THEN day_visits ELSE 0 END AS budget,
            CASE hashint8(visits) & 7 WHEN 0 THEN ARRAY[3, 1, 2, 4] WHEN 1 THEN ARRAY[2, 1, 3, 4]
                WHEN 2 THEN ARRAY[2, 1, 3, 4] ELSE ARRAY[1, 2, 3, 4] END AS ranks
        FROM hosts LEFT JOIN LATERAL (SELECT * FROM sites WHERE sites.host = hosts.host OFFSET 0) AS site ON true
        WHERE hosts.host = ANY(CAST(:hosts AS text[]))
    )
    SELECT wanted.host, due.url, due.due_at, due.visits, due.check_id
    FROM wanted CROSS JOIN LATERAL (
        (SELECT 0 AS place, url, next_at AS due_at, visits, CAST(NULL AS uuid) AS check_id FROM frontier
         WHERE host = wanted.host AND priority = 0 AND next_at <= now() ORDER BY next_at LIMIT wanted.most)
        UNION ALL
        (SELECT 1, url, due_at, 0, check_id FROM checks
         WHERE host = wanted.host AND done_at IS NULL AND due_at <= now() ORDER BY due_at LIMIT wanted.most)
        UNION ALL
        (SELECT page.* FROM unnest(wanted.ranks) WITH ORDINALITY AS rank (priority, place) CROSS JOIN LATERAL (
            SELECT 1 + rank.place, url, next_at, visits, CAST(NULL AS uuid) FROM frontier
            WHERE host = wanted.host AND priority = rank.priority AND next_at <= now() AND NOT wanted.paused
            ORDER BY next_at LIMIT greatest(0, least(wanted.most, wanted.budget))
        ) AS page LIMIT greatest(0, least(wanted.most, wanted.budget)))
        ORDER BY place, due_at LIMIT wanted.most
    ) AS due
    ORDER BY wanted.host, due.place, due.due_at
""")

# A lease that ran out was nobody's to give back: its holder may have asked until the end of it.
DISPATCH = sa.text(f"""
    UPDATE hosts AS known SET lease = given.lease, waiting = true, leased_until = clock_timestamp() + :hold,
        next_allowed_at = greatest(next_allowed_at, leased_until + {GAP}), look_at = clock_timestamp() + :hold
    FROM unnest(CAST(:hosts AS text[]), CAST(:leases AS uuid[])) AS given (host, lease)
    WHERE known.host = given.host
""")  # noqa: S608  # our own words

UNDO = sa.text("""
    UPDATE hosts SET lease = NULL, leased_until = NULL, waiting = false, look_at = now()
    WHERE host IN (
        SELECT host FROM hosts WHERE host = ANY(CAST(:hosts AS text[])) AND lease = ANY(CAST(:leases AS uuid[]))
        ORDER BY host FOR UPDATE
    )
""")

NEXT_LOOK = sa.text("""
    SELECT extract(epoch FROM min(first.look_at) - now())
    FROM (VALUES (0), (1), (2), (3)) AS rank (urgency) CROSS JOIN LATERAL (
        SELECT look_at FROM hosts
        WHERE hosts.urgency = rank.urgency AND look_at IS NOT NULL ORDER BY look_at LIMIT 1
    ) AS first
""")
NOW = sa.text("SELECT now()")


@dataclass(frozen=True)
class Dispatch:
    """A host that is due. `lease` is what its record's id has to be."""

    lease: UUID
    due: CrawlDue


@dataclass(frozen=True)
class Claim:
    """What is due now, leased; and seconds until it is worth looking again (None: not before something changes)."""

    dispatches: Sequence[Dispatch]
    next_look_s: float | None
    more: bool  # as many as were asked for: there may be more


async def claim(tx: Transaction, most: int = HOSTS_AT_ONCE) -> Claim:
    hosts = (await tx.execute(LOCK_HOSTS, {"most": most, "most_waiting": MOST_WAITING})).scalars().all()
    dispatches: list[Dispatch] = []
    if hosts:
        now = (await tx.execute(NOW)).scalar_one()
        limits = {"breaks": FAILURES_THAT_BREAK, "most_visits": MOST_VISITS, "hand_s": HAND_S, "gap_s": DEFAULT_GAP_S}
        rows = await tx.execute(PICK, {"hosts": hosts, **limits})
        dispatches = [_dispatch(host, list(due), now) for host, due in groupby(rows, key=lambda row: row.host)]
        await _lease(tx, dispatches)
        await let_go(tx, sorted(set(hosts) - {one.due.host for one in dispatches}))
    wait_s = (await tx.execute(NEXT_LOOK)).scalar()
    return Claim(dispatches, None if wait_s is None else float(wait_s), len(hosts) == most)


async def _lease(tx: Transaction, dispatches: Sequence[Dispatch]) -> None:
    if dispatches:
        given = {"hosts": [one.due.host for one in dispatches], "leases": [one.lease for one in dispatches]}
        await tx.execute(DISPATCH, {**given, "hold": LEASE, "gap_s": DEFAULT_GAP_S})


async def undo(tx: Transaction, dispatches: Sequence[Dispatch]) -> None:
    """What the broker did not take is due again at once."""
    given = {"hosts": [one.due.host for one in dispatches], "leases": [one.lease for one in dispatches]}
    await tx.execute(UNDO, given)


def _dispatch(host: str, rows: Sequence[Any], now: datetime) -> Dispatch:
    first, *more = rows
    due = CrawlDue(host=host, **_visit(first), more=tuple(DueVisit(**_visit(row)) for row in more))
    return Dispatch(identity("crawl.due", host, now.isoformat()), due)


def _visit(row: Any) -> dict[str, Any]:  # noqa: ANN401  # a row of PICK
    visit = Visit.CHECK if row.check_id else Visit.REVISIT if row.visits else Visit.FIRST
    return {"url": row.url, "visit": visit, "due_at": row.due_at, "check_id": row.check_id}
