"""Which sites are watched: reading the agency's list, and entering it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields

import sqlalchemy as sa

from services.crawler.domain import PageKind, Priority
from services.crawler.registry.site_lines import SiteLine, parse_sites
from shared.clock import Clock, SystemClock
from shared.database import Database, Transaction

__all__ = ["SiteLine", "import_sites", "parse_sites"]

CHUNK = 500  # sites in a transaction: short enough to hold up no scheduler
Progress = Callable[[int, int], None]  # done, of

# All values travel as one JSON text: a statement with a parameter a value takes as long to write as to execute.
GIVEN = """
    FROM jsonb_to_recordset(CAST(:sites AS jsonb)) AS given (
        host text, start_url text, name text, kind text, language text, country text, abuse_email text,
        requests_per_second float, revisit_seconds float, obey_robots boolean, legal_ground text,
        visits_per_day integer, exit text, credential text, connector text, options text, renders boolean,
        sole_purpose boolean, paused boolean
    )
"""
FIELDS = tuple(field.name for field in fields(SiteLine))
KEPT = ", ".join(f"{name} = excluded.{name}" for name in FIELDS if name != "host")
ASIS = ("sole_purpose", "paused")  # a line that does not say so leaves the site as it is


def _given(name: str) -> str:
    return f"coalesce(given.{name}, known.{name}, false)" if name in ASIS else f"given.{name}"


ENTER_HOSTS = sa.text(f"""
    INSERT INTO hosts (host, next_allowed_at) SELECT host, :now {GIVEN} ORDER BY host ON CONFLICT DO NOTHING
""")  # our own words

ENTER_SITES = sa.text(f"""
    INSERT INTO sites ({", ".join(FIELDS)})
    SELECT {", ".join(_given(name) for name in FIELDS)}
    {GIVEN} LEFT JOIN sites AS known USING (host)
    ORDER BY given.host
    ON CONFLICT (host) DO UPDATE SET {KEPT}
""")

# The site has one beginning: the one that it had before is a page like others. (Before the sites are entered.)
BEGIN_NO_MORE = sa.text(f"""
    UPDATE frontier SET kind = :unknown, priority = :first
    {GIVEN} JOIN sites AS known USING (host)
    WHERE frontier.url = known.start_url AND known.start_url <> given.start_url
""")  # noqa: S608  # our own words, here and below
BEGIN = sa.text(f"""
    WITH begun AS (
        INSERT INTO frontier (url, host, kind, priority, next_at)
        SELECT start_url, host, :start, :listing, :now {GIVEN} ORDER BY start_url
        ON CONFLICT (url) DO UPDATE SET kind = excluded.kind, priority = excluded.priority, next_at = excluded.next_at
        RETURNING host, xmax = 0 AS is_new
    )
    UPDATE hosts SET look_at = least(look_at, :now), pages = pages + CASE WHEN is_new THEN 1 ELSE 0 END
    FROM begun WHERE hosts.host = begun.host
""")  # noqa: S608
LOCK_HOSTS = sa.text("SELECT FROM hosts WHERE host = ANY(CAST(:hosts AS text[])) ORDER BY host FOR UPDATE")


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
    given = json.dumps([asdict(site) for site in sites])
    await tx.execute(ENTER_HOSTS, {"sites": given, "now": now})
    await tx.execute(LOCK_HOSTS, {"hosts": [site.host for site in sites]})
    await tx.execute(BEGIN_NO_MORE, {"sites": given, "unknown": PageKind.UNKNOWN.value, "first": int(Priority.FIRST)})
    await tx.execute(ENTER_SITES, {"sites": given})
    start = {"start": PageKind.START.value, "listing": int(Priority.LISTING)}
    await tx.execute(BEGIN, {"sites": given, "now": now, **start})
