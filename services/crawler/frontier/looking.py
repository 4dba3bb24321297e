"""When the scheduler looks at a host again: written whenever a host is let go, or something becomes due there.

Whoever makes something due locks the host's row first, and whoever lets a host go does so before it looks what is due:
so nothing falls between the two.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.crawler.domain import Urgency
from services.crawler.frontier.pace import DEFAULT_GAP_S
from shared.database import Transaction

# Resuming a site wakes it (`wake`); this is for who changed the table by hand.
PAUSED = timedelta(minutes=10)
KNOWN_BAD = timedelta(days=90)  # so long after the last removal check a site is known bad

# The host's gap in seconds, as far as anybody wrote it down: who died had perhaps no time to.
GAP = """coalesce(greatest(
    known.gap_s, (SELECT 1 / requests_per_second FROM sites WHERE sites.host = known.host),
    (SELECT max(delay_s) FROM robots WHERE robots.host = known.host)), :gap_s) * interval '1 second'"""

LOCK = sa.text("""
    SELECT host, pages FROM hosts WHERE host = ANY(CAST(:hosts AS text[])) ORDER BY host FOR UPDATE
""")

# A lease that ran out was nobody's to give back: its holder may have asked until the end of it.
# The host is free, and looked at when its first address is due. Where a site is paused or not listed (any more), or its
# day's visits are spent, or the host rests, only reports and checks count.
LET_GO = sa.text(f"""
    UPDATE hosts SET
        lease = NULL, leased_until = NULL, waiting = false, next_allowed_at = allowed,
        look_at = CASE WHEN least(report_at, check_at, page_at) IS NOT NULL
            THEN greatest(allowed, least(report_at, check_at, page_at)) END,
        urgency = CASE
            WHEN report_at <= greatest(allowed, now(), least(report_at, check_at, page_at)) THEN 0
            WHEN check_at <= greatest(allowed, now(), least(report_at, check_at, page_at)) THEN 1
            WHEN hosts.case_at > now() - :known_bad THEN 2
            ELSE 3 END
    FROM (
        SELECT wanted.host, report.at AS report_at, checked.at AS check_at,
            greatest(next_allowed_at, CASE WHEN leased_until <= now() THEN leased_until + {GAP} END) AS allowed,
            CASE WHEN page.at IS NOT NULL THEN greatest(page.at, hold_off_until, CASE
                WHEN coalesce(paused, true) THEN now() + :paused
                WHEN day = (now() AT TIME ZONE 'UTC')::date AND day_visits >= visits_per_day
                    THEN (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC'
                END) END AS page_at
        FROM unnest(CAST(:hosts AS text[])) AS wanted (host)
        JOIN hosts AS known USING (host)
        LEFT JOIN LATERAL (SELECT * FROM sites WHERE sites.host = wanted.host OFFSET 0) AS site ON true
        CROSS JOIN LATERAL (
            SELECT min(next_at) AS at FROM frontier WHERE frontier.host = wanted.host AND priority = 0
        ) AS report
        CROSS JOIN LATERAL (
            SELECT min(due_at) AS at FROM checks WHERE checks.host = wanted.host AND done_at IS NULL
        ) AS checked
        CROSS JOIN LATERAL (
            SELECT min(first.next_at) AS at FROM (VALUES (1), (2), (3), (4)) AS rank (priority) CROSS JOIN LATERAL (
                SELECT next_at FROM frontier
                WHERE frontier.host = wanted.host AND frontier.priority = rank.priority
                ORDER BY next_at LIMIT 1
            ) AS first
        ) AS page
    ) AS coming
    WHERE hosts.host = coming.host AND hosts.host = ANY(CAST(:hosts AS text[]))
""")  # noqa: S608  # our own words

# A host that nobody knew is asked at the default pace. What is in hand is looked at when it is let go. What is due
# after the host's next look does not make that one urgent, but a check makes the host known bad.
WAKE = sa.text("""
    INSERT INTO hosts (host, next_allowed_at, look_at, urgency, case_at)
    VALUES (:host, now(), coalesce(CAST(:at AS timestamptz), now()), :urgency, CASE WHEN :urgency = 1 THEN now() END)
    ON CONFLICT (host) DO UPDATE SET
        look_at = least(hosts.look_at, greatest(hosts.next_allowed_at, excluded.look_at)),
        urgency = least(hosts.urgency,
            CASE WHEN excluded.look_at <= greatest(now(), coalesce(hosts.look_at, 'infinity')) THEN excluded.urgency
                WHEN :urgency = 1 THEN 2 END),
        case_at = coalesce(excluded.case_at, hosts.case_at)
""")


async def lock(tx: Transaction, hosts: Iterable[str]) -> Mapping[str, int]:
    """Hold these hosts' rows until the end. Gives the addresses that each has in the frontier."""
    rows = await tx.execute(LOCK, {"hosts": sorted(set(hosts))})
    return {row.host: row.pages for row in rows}


async def wake(tx: Transaction, host: str, at: datetime | None, urgency: Urgency) -> None:
    """Something is entered that is due on the host then (None: now). Before it is entered: this locks the host."""
    await tx.execute(WAKE, {"host": host, "at": at, "urgency": int(urgency)})


async def let_go(tx: Transaction, hosts: Sequence[str]) -> None:
    """Only of hosts that this transaction has locked, in the hand of nobody else."""
    if hosts:
        await tx.execute(
            LET_GO, {"hosts": list(hosts), "gap_s": DEFAULT_GAP_S, "paused": PAUSED, "known_bad": KNOWN_BAD}
        )
